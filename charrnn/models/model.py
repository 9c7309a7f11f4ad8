"""A trained network, or several whose probabilities are mixed, also with counts: it writes, scores and evaluates."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from charrnn.config.data import Data
from charrnn.config.schema import required
from charrnn.errors import OptionError, RunError, TextError
from charrnn.generation.generator import Generator
from charrnn.generation.samples import Seed
from charrnn.generation.sampling import SamplingOptions
from charrnn.models import encoded_text, scoring
from charrnn.models.components import Component, NetworkComponent, NGramComponent, scorers
from charrnn.models.encoded_text import Block, EncodedText
from charrnn.models.evaluation import Evaluation, XzBaseline, evaluate
from charrnn.models.mixture import fit_weights, score_all
from charrnn.models.predictor_mixture import MixturePredictor
from charrnn.models.scoring import Scored
from charrnn.models.training_text import TrainingText, held_out
from charrnn.ngram.order_selection import MAX_ORDER
from charrnn.runs.planning.run_text import read_once, read_text
from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.directory import Loaded
from charrnn.text import splits
from charrnn.text.characters.unit_names import counted, unit_name
from charrnn.text.corpus import Corpus
from charrnn.text.reading.encodings import Encodings
from charrnn.text.source_text import SourceText, Stream
from charrnn.text.splits import Protocol, Split
from charrnn.text.vocabulary import Vocabulary, describe
from charrnn.training.events import rounded
from charrnn.words import parameter

MAX_FIT_CHARS = 1_000_000  # characters of the validation split on which weights are fitted


@dataclass(frozen=True, repr=False)
class Model:
    """What `load` gives: `saved` is the checkpoint of the first network; the weights, of the members, add up to 1."""

    saved: Checkpoint
    training_text: TrainingText
    members: tuple[Component, ...]
    weights: tuple[float, ...] = (1.0,)
    weights_are_fitted: bool = False  # on the validation split
    notes: tuple[str, ...] = ()  # the files it came from, and what is to be said of them

    def __repr__(self) -> str:
        config, progress = self.saved.config.model, self.saved.progress
        loss = f", validation loss {rounded(progress.best_loss)}" if progress.best_loss is not None else ""
        named = " + ".join(member.name for member in self.members)
        network = f"{config.cell} of {config.hidden_size} units, {counted(len(self.vocabulary), self.vocabulary.unit)}"
        return f"<Model {named}: {network}, {progress.step:,} steps{loss}>"

    @property
    def vocabulary(self) -> Vocabulary:
        """The characters that it knows."""
        return self.saved.vocabulary

    def generator(self, only: str | Sequence[str] | None = None, exact: bool = True) -> Generator:
        """A writer; see generation/generator.py, and for `only` generation/allowed_symbols.py. Without `exact`, texts that are written
        side by side are rounded together: many are faster, but not to the bit those of their seeds alone. Raises SamplingError
        where `only` leaves no character.
        """
        predictors = [member.predictor(exact) for member in self.members]
        predictor = predictors[0] if len(predictors) == 1 else MixturePredictor(predictors, self.weights)
        return Generator(predictor, self.vocabulary, only)

    def sample(
        self,
        prompt: str = "",
        length: int = 500,
        temperature: float = 0.8,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        stops: Sequence[str] = (),
        only: str | Sequence[str] | None = None,
        seed: Seed = 0,
    ) -> str:
        """Write `length` characters (bytes, for a byte model) after `prompt`, which is not part of them, or up to a stop string.

        `only`: a class of characters (letters, lowercase, uppercase, digits, space, ascii), several with commas between them,
        characters, or a list of these; see generation/allowed_symbols.py. All text is taken as it is: a backslash is one. The same seed gives the same text; `generator` writes many side by side, and tells more of each. Raises SamplingError
        for what is out of range, and VocabularyError for characters of the prompt that it does not know.
        """
        options = SamplingOptions(temperature, top_k, top_p, min_p)
        return self.generator(only).generate_many(prompt, length, options, [seed], stops)[0].text

    def score(self, text: str | bytes) -> Scored:
        """The surprisal of each character of a text, in nats. Raises TextError for a text without characters."""
        blocks = self._passage(text).blocks()
        return scoring.join(scoring.score(self.members, self.weights, self.vocabulary, blocks, len(text)))

    def scored(self, text: SourceText | Stream | Iterable[str | bytes]) -> Iterator[Scored]:
        """The same, stretch by stretch, for what `opened` gives, or a text in pieces; nothing for no characters."""
        return scoring.score(self.members, self.weights, self.vocabulary, self.blocks(text))

    def blocks(self, text: SourceText | Stream | Iterable[str | bytes]) -> Iterator[Block]:
        """What `opened` gives, or a text in pieces, as its vocabulary has it."""
        if isinstance(text, SourceText):
            return self._passage(text).blocks()
        if isinstance(text, Stream):
            return encoded_text.from_stream(text.pieces, self.vocabulary)
        return encoded_text.from_pieces(text, self.vocabulary)

    def opened(self, sources: Sequence[str], said: Encodings | None = None) -> SourceText | Stream:
        """Texts, named as on the command line, in pieces as they come; documents all at once. `said`: which encodings they are
        in, where that is not UTF-8 and no byte order mark says it. Raises TextError.
        """
        data, said = self.saved.config.data, said or Encodings()
        return read_once(sources, data, said) if self.vocabulary.end_id is None else read_text(sources, data, said)

    def evaluate(
        self,
        text: str | bytes | SourceText | None = None,
        split: str | None = None,
        protocol: Protocol | None = None,
        slices: tuple[int, int] | None = None,
        learning_rate: float | None = None,
        counted: bool = True,
    ) -> Evaluation:
        """How well it predicts a text, or where none is given a split of its own text: train, valid, test (None: test, or
        where it has no share valid), cut as for the training, or by another protocol.

        With a `learning_rate` the weights follow the text (dynamic evaluation). `counted`: beside what counts and a compressor
        make of it. Raises TextError, DivergedError, RunError where its own text cannot be read or has no such split, and OptionError
        for a value out of its range and for what is asked of the one kind of text and is for the other.
        """
        if learning_rate is not None and not 0 <= learning_rate < math.inf:
            raise OptionError(f"{parameter('learning_rate')} must be a number of at least 0; found {learning_rate:g}")
        if text is not None and (split or protocol or slices):
            raise OptionError(
                f"{parameter('split')}, {parameter('protocol')} and {parameter('slices')} cut the run's own text; leave them out with another text"
            )
        if text is None:
            return self._evaluate_split(split, protocol, slices, learning_rate, counted)
        corpus, notes = None, [*text.notes] if isinstance(text, SourceText) else []
        if counted:
            try:
                corpus = self.training_text.corpus
            except (RunError, TextError) as error:
                notes.append(f"without baselines that need the text of the training: {error}")
        made = self._evaluate(self._passage(text), corpus, learning_rate)
        return replace(made, notes=(*notes, *made.notes))

    def _passage(self, text: str | bytes | SourceText) -> EncodedText:
        if isinstance(text, str) and self.vocabulary.unit == "byte":
            text = text.encode("utf-8", "surrogatepass")
        given = text if isinstance(text, SourceText) else SourceText.from_content(text)
        if given.unit == "byte" and self.vocabulary.unit == "char":
            raise TextError("the model reads characters, and was given bytes; decode them: text.decode()")
        return encoded_text.from_text(given, self.vocabulary, self.saved.config.data)

    def _evaluate_split(
        self,
        name: str | None,
        protocol: Protocol | None,
        slices: tuple[int, int] | None,
        learning_rate: float | None,
        counted: bool,
    ) -> Evaluation:
        data, text = self.saved.config.data, self.training_text
        split = _asked(data, protocol, slices)
        corpus = text.cut(split)
        name = held_out(corpus, split, name)
        made = self._evaluate(encoded_text.from_split(corpus, name), corpus if counted else None, learning_rate)
        notes = []
        if name == "valid" and self.weights_are_fitted:
            notes.append("the weights of the mixture were fitted on this very split")
        if seen := text.seen(corpus, name):
            notes.append(
                f"{seen:,} of these {unit_name(self.vocabulary.unit)} were trained on: the run's text was cut otherwise"
            )
        in_slices = split.slices if split.protocol == "char-rnn" else None
        return replace(made, protocol=split.protocol, slices=in_slices, split=name, notes=(*notes, *made.notes))

    def _evaluate(self, passage: EncodedText, corpus: Corpus | None, learning_rate: float | None) -> Evaluation:
        """`corpus` has the training split on which baselines are counted; None: without them."""
        compressing = None if corpus is None else XzBaseline(corpus, passage)
        counts = None if corpus is None else self.training_text.counts(corpus)
        reading = self.members, self.weights, passage, self.vocabulary
        made = evaluate(*reading, counts, learning_rate)
        if learning_rate is not None:
            made = replace(made, static=evaluate(*reading).loss)
        return compressing.add_to(made) if compressing else made


def load(
    run: Path,
    others: Sequence[Path] = (),
    which: str | None = None,
    ngram: bool = False,
    weights: Sequence[float] | None = None,
    sources: Sequence[str] = (),
    encoding: Sequence[str] = (),
) -> Model:
    """The model of a run directory or checkpoint, mixed with those of `others` and, with `ngram`, with counts of its training
    split. `which`: best, last, or None for the best there is; `weights` of the members, in this order (None: those under
    which the validation split is likeliest); `sources`: where the text of the training is now, and `encoding` what it is in now.

    Raises RunError, also where vocabularies differ, OptionError for what cannot be weights, CheckpointError and TextError.
    """
    loaded = [directory.load(path, which) for path in (run, *others)]
    first = loaded[0].checkpoint
    for other in loaded[1:]:
        _require_same(loaded[0], other)
    members: list[Component] = [
        NetworkComponent(
            str(found.path),
            found.checkpoint.network,
            first.vocabulary.end_id,
            required(found.checkpoint.config.training.label_smoothing),
        )
        for found in loaded
    ]
    notes = tuple(found.note or str(found.path) for found in loaded)
    notes += tuple(doubt for other in loaded[1:] if (doubt := _may_know(loaded[0], other)))
    text = TrainingText(first, sources, encoding)
    if ngram:
        members.append(NGramComponent(text.ngram))
    model = Model(first, text, tuple(members), notes=notes)
    if weights is not None:
        return replace(model, weights=_shares(weights, len(members)))
    if len(members) == 1:
        return model
    return replace(model, weights=_fit_on_validation(model), weights_are_fitted=True)


def _asked(data: Data, protocol: Protocol | None, slices: tuple[int, int] | None) -> Split:
    """How a text is cut: as for the training, but for what is asked. Raises OptionError for what there is not."""
    if protocol not in (None, *get_args(Protocol)):
        raise OptionError(f"{parameter('protocol')} {protocol}: there are {', '.join(get_args(Protocol))}")
    split = splits.make_split(protocol or data.protocol, data.split, slices or data.slices)
    if slices and (split.protocol != "char-rnn" or len(slices) != 2 or min(slices) < 1):
        raise OptionError(
            f"{parameter('slices')} {slices}: must be two whole numbers above 0, of protocol char-rnn; found protocol {split.protocol}"
        )
    return split


def _require_same(first: Loaded, other: Loaded) -> None:
    """Only models of one vocabulary can be mixed."""
    ours, theirs = first.checkpoint.vocabulary, other.checkpoint.vocabulary
    if ours == theirs:
        return
    found = f"{first.path} has {len(ours)} symbols, {other.path} has {len(theirs)}"
    for name, lacks in ((other.path, ours.known - theirs.known), (first.path, theirs.known - ours.known)):
        if lacks:
            found = f"{name} lacks {describe(min(lacks))}" + (f" and {len(lacks) - 1} more" if len(lacks) > 1 else "")
    raise RunError(f"models of different vocabularies cannot be mixed: {found}; train them on one text")


def _may_know(first: Loaded, other: Loaded) -> str | None:
    """Why what the first model's text holds out may have been trained on by the other; None where it was not."""
    ours, theirs = first.checkpoint, other.checkpoint
    if ours.text.sha256 != theirs.text.sha256:
        return f"{other.path} was trained on another text, which may hold what is held out here"
    if ours.config.data.cutting() != theirs.config.data.cutting():
        return f"{other.path} was trained on another part of the text, which may hold what is held out here"
    return None


def _shares(weights: Sequence[float], count: int) -> tuple[float, ...]:
    """Weights as given, made to add up to 1. Raises OptionError for what cannot be weights."""
    if count == 1:
        raise OptionError(
            f"{parameter('weights')}: for a mixture only; add {parameter('others')} or {parameter('ngram')}"
        )
    if len(weights) != count or not all(0 <= weight < math.inf for weight in weights) or not any(weights):
        raise OptionError(
            f"{parameter('weights')} {','.join(f'{weight:g}' for weight in weights)}: must be {count} numbers of at least 0, one for each member, not all 0"
        )
    relative = [weight / max(weights) for weight in weights]  # whose sum cannot overflow
    return tuple(weight / sum(relative) for weight in relative)


def _fit_on_validation(model: Model) -> tuple[float, ...]:
    """The weights under which the validation split is likeliest. Raises RunError where there is none."""
    corpus = model.training_text.corpus
    slices = corpus.slices("valid")
    slices = slices[:, : MAX_FIT_CHARS // len(slices)]
    if slices.shape[1] < 2:
        raise RunError(
            f"the run's text has no validation split on which weights could be fitted; give {parameter('weights')}"
        )
    with scorers(model.members, slices.size, before=corpus.before("valid", MAX_ORDER - 1)) as reading:
        return tuple(fit_weights(score_all(reading, slices).reshape(len(reading), -1)))
