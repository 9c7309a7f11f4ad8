"""A trained network, or several whose probabilities are mixed, also with counts: it writes, scores and evaluates."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import tee
from typing import get_args

from charrnn.config.data import Data
from charrnn.errors import OptionError, RunError, TextError
from charrnn.generation.generator import Generator
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.samples import Seed
from charrnn.generation.sampling import SamplingOptions
from charrnn.models import encoded_text
from charrnn.models.encoded_text import EncodedText
from charrnn.models.evaluation.baselines import XzBaseline
from charrnn.models.evaluation.evaluation import Evaluation, evaluate
from charrnn.models.mixture.components import Component
from charrnn.models.mixture.predictor_mixture import MixturePredictor
from charrnn.models.scoring import scoring
from charrnn.models.scoring.scoring import ScoredText
from charrnn.models.training_text import TrainingText, held_out
from charrnn.runs.planning.run_text import read_once, read_text
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.text import splits
from charrnn.text.characters.unit_names import counted, unit_name
from charrnn.text.corpus import Corpus
from charrnn.text.reading.encodings import Encodings
from charrnn.text.source_text import SourceText
from charrnn.text.splits import Protocol, Split
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.events import rounded
from charrnn.words import parameter


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
        return self.generator(only).sample(SampleRequest(prompt, length, options, stops), [seed])[0].text

    def read(self, sources: Sequence[str], said: Encodings | None = None, once: bool = False) -> EncodedText:
        """Texts, named as on the command line, for `evaluate` and `score_in_pieces`. `said`: which encodings they are in, where
        that is not UTF-8 and no byte order mark says it; `once`: in pieces as they come, for a single pass over a text of
        any length. Raises TextError.
        """
        if once:
            return read_in_step([self], sources, said)[0]
        data = self.saved.config.data
        return encoded_text.from_text(read_text(sources, data, said or Encodings()), self.vocabulary, data)

    def score(self, text: str | bytes) -> ScoredText:
        """The surprisal of each character of a text, in nats. Raises TextError for a text without characters."""
        return scoring.join(self.score_in_pieces(self._encode(text)))

    def score_in_pieces(self, text: EncodedText) -> Iterator[ScoredText]:
        """The same, piece by piece, for what `read` returns; nothing for no characters."""
        return scoring.score(self.members, self.weights, self.vocabulary, text)

    def evaluate(
        self,
        text: str | bytes | EncodedText | None = None,
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
        given = text if isinstance(text, EncodedText) else self._encode(text)
        corpus, notes = None, [*given.notes]
        if counted:
            try:
                corpus = self.training_text.corpus
            except (RunError, TextError) as error:
                notes.append(f"without baselines that need the text of the training: {error}")
        return self._evaluate(given, corpus, learning_rate, notes=notes)

    def _encode(self, text: str | bytes) -> EncodedText:
        if isinstance(text, bytes) and self.vocabulary.unit == "char":
            raise TextError("the model reads characters, and was given bytes; decode them: text.decode()")
        if isinstance(text, str) and self.vocabulary.unit == "byte":
            text = text.encode("utf-8", "surrogatepass")
        return encoded_text.from_text(SourceText.from_content(text), self.vocabulary, self.saved.config.data)

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
        notes = []
        if name == "valid" and self.weights_are_fitted:
            notes.append("the weights of the mixture were fitted on this very split")
        if seen := text.seen(corpus, name):
            notes.append(
                f"{seen:,} of these {unit_name(self.vocabulary.unit)} were trained on: the run's text was cut otherwise"
            )
        own = encoded_text.from_split(corpus, name)
        return self._evaluate(own, corpus if counted else None, learning_rate, split, notes)

    def _evaluate(
        self,
        text: EncodedText,
        corpus: Corpus | None,
        learning_rate: float | None,
        cut: Split | None = None,
        notes: Sequence[str] = (),
    ) -> Evaluation:
        """`corpus` has the training split on which baselines are counted; None: without them."""
        xz = None if corpus is None else XzBaseline(corpus, text)
        counts = None if corpus is None else self.training_text.counts(corpus)
        return evaluate(self.members, self.weights, text, self.vocabulary, counts, learning_rate, xz, cut, notes)


def read_in_step(models: Sequence[Model], sources: Sequence[str], said: Encodings | None = None) -> list[EncodedText]:
    """The same text for each of several models that read alike, for a single pass in which they take turns: hardly anything
    of it is held, but documents, which are cut first. Raises TextError.
    """
    data, said = models[0].saved.config.data, said or Encodings()
    if data.boundary is not None:
        text = read_text(sources, data, said)
        return [encoded_text.from_text(text, model.vocabulary, data) for model in models]
    stream = read_once(sources, data, said)
    copies = tee(stream.pieces, len(models))
    return [
        encoded_text.from_stream(replace(stream, pieces=pieces), model.vocabulary)
        for model, pieces in zip(models, copies, strict=True)
    ]


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
