"""A trained network, or a mixture of networks and an n-gram: it writes, scores and evaluates."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import tee

import numpy as np

from charrnn.errors import OptionError, RunError, TextError, VocabularyError
from charrnn.generation.generator import Generator
from charrnn.generation.novelty.novelty import Novelty, novelty
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.samples import Seed
from charrnn.generation.sampling import SamplingOptions
from charrnn.models import encoded_text
from charrnn.models.card import model_card
from charrnn.models.encoded_text import Block, EncodedText
from charrnn.models.evaluation.baselines import XzBaseline
from charrnn.models.evaluation.evaluation import Evaluation, measure
from charrnn.models.evaluation.protocol import make_split
from charrnn.models.inspection.activations import inspect
from charrnn.models.inspection.gradients import text_gradients
from charrnn.models.inspection.units import parse_held
from charrnn.models.mixture.components import Component
from charrnn.models.mixture.predictor_mixture import MixturePredictor
from charrnn.models.scoring import scoring
from charrnn.models.scoring.scoring import ScoredText
from charrnn.models.scoring.side_by_side import ScoredTexts, score_many
from charrnn.models.training_text import TrainingText, held_out
from charrnn.network.arrays import Array
from charrnn.runs.recorded_text import read_once, read_text
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.stages import OnStage, ignore_stage
from charrnn.text.characters.unit_names import amount, unit_name
from charrnn.text.corpus import Corpus
from charrnn.text.reading.encodings import Encodings
from charrnn.text.source_text import SourceText
from charrnn.text.splits import Protocol, Split
from charrnn.text.unicode_form import fit_text
from charrnn.text.vocabulary import Vocabulary, list_characters
from charrnn.training.events import digits
from charrnn.words import parameter


@dataclass(frozen=True, repr=False)
class Model:
    """A trained model, from `charrnn.load` or `charrnn.train`. `saved` is the checkpoint of the first network; the
    weights of the components add up to 1.
    """

    saved: Checkpoint
    training_text: TrainingText
    components: tuple[Component, ...]
    weights: tuple[float, ...] = (1.0,)
    weights_are_fitted: bool = False  # on the validation split
    notes: tuple[str, ...] = ()  # the files it was loaded from, and what to report about them
    on_stage: OnStage = field(default=ignore_stage, compare=False)  # called when something long begins

    def __repr__(self) -> str:
        config, progress = self.saved.config.model, self.saved.progress
        loss = f", validation loss {digits(progress.best_loss)}" if progress.best_loss is not None else ""
        named = " + ".join(component.name for component in self.components)
        network = f"{config.cell} of {config.hidden_size} units, {amount(len(self.vocabulary), self.vocabulary.unit)}"
        return f"<Model {named}: {network}, {progress.step:,} steps{loss}>"

    def _repr_html_(self) -> str:
        """How a notebook shows it: what it is, and the learning curve of its run."""
        return model_card(self.saved, [component.name for component in self.components], self.weights)

    @property
    def vocabulary(self) -> Vocabulary:
        """The characters that it knows."""
        return self.saved.vocabulary

    @property
    def single_checkpoint(self) -> Checkpoint:
        """The checkpoint of a model that is one network. Raises OptionError for a mixture."""
        if len(self.components) > 1:
            raise OptionError("a mixture is not one network; load one run without others")
        return self.saved

    @property
    def parameters(self) -> dict[str, Array]:
        """Copies of the weights by name: W_xh (V, H), W_hh (H, H), b_h (H,), W_hy (H, V), b_y (V,), ... With gates an
        axis before these: (gates, V, H). Row i of W_xh is that of the symbol `vocabulary.symbols[i]`.
        """
        return {name: view.copy() for name, view in self.single_checkpoint.network.parameters.items()}

    def generator(
        self, only: str | Sequence[str] | None = None, exact: bool = True, force: Mapping[str, float] | None = None
    ) -> Generator:
        """A Generator; see generation/generator.py, and generation/allowed_symbols.py for `only`. Without `exact`, texts
        written side by side are rounded together: faster, but not bit for bit what each seed writes alone. `force`:
        values at which units are held, {"h:17": 1.0}. Raises SamplingError if `only` leaves no character, NetworkError
        for a unit that cannot be held, and OptionError for one of a mixture.
        """
        held = parse_held(self.single_checkpoint.network, force) if force else {}
        predictors = [component.predictor(exact, held) for component in self.components]
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
        """Write `length` characters (bytes, for a byte model) after `prompt`, or up to a stop string.

        The prompt is not in what is returned. Prompt and stop strings are read in the Unicode form that the model
        knows. A backslash is a backslash: escapes such as \\n are for the options of the command.

        `only`: classes of characters (letters, lowercase, uppercase, digits, space, ascii), characters, or a list of
        these; see generation/allowed_symbols.py. The same seed gives the same text; `generator` writes many at once.
        Raises SamplingError for values out of range, and VocabularyError for unknown characters of the prompt.
        """
        request = self.request(prompt, length, SamplingOptions(temperature, top_k, top_p, min_p), stops)
        return self.generator(only).sample(request, [seed])[0].text

    def stream(
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
    ) -> Iterator[str]:
        """The text of `sample`, piece by piece as it is written: joined, the pieces are what `sample` returns. A
        `length` of 0 has no end. Raises as `sample` does, when it is called.
        """
        request = self.request(prompt, length, SamplingOptions(temperature, top_k, top_p, min_p), stops)
        return self.generator(only).stream(request, seed)

    def request(self, prompt: str, length: int, options: SamplingOptions, stops: Sequence[str] = ()) -> SampleRequest:
        """A request for `generator`, with prompt and stop strings in the Unicode form that the model knows."""
        fitted = [fit_text(stop, self.vocabulary) for stop in stops]
        return SampleRequest(fit_text(prompt, self.vocabulary), length, options, fitted)

    def read(self, sources: Sequence[str], encodings: Encodings | None = None, once: bool = False) -> EncodedText:
        """Texts, named as on the command line, for `evaluate` and `score_in_pieces`. `encodings`: needed if they
        are not UTF-8 and have no byte order mark. `once`: in pieces as they arrive, for a single pass over a text of
        any length; such a text can be scored, not evaluated. Raises TextError.
        """
        if once:
            return read_in_step([self], sources, encodings)[0]
        data = self.saved.config.data
        text = read_text(sources, data, encodings or Encodings(), on_stage=self.on_stage)
        return encoded_text.from_text(text, self.vocabulary, data)

    def score(self, text: str | bytes) -> ScoredText:
        """The surprisal of each character of a text, (n,), in nats. Raises TextError if the text is empty."""
        return scoring.join(self.score_in_pieces(self._encode(text)))

    def score_many(self, texts: Iterable[str | bytes]) -> ScoredTexts:
        """The scores of texts, read side by side; `nats`, (n,), of the list. Raises TextError if one is empty."""
        data = self.saved.config.data
        return score_many(self.components, self.weights, self.vocabulary, texts, data.boundary, self.score)

    def states(self, text: str | bytes) -> dict[str, Array]:
        """The states and gates of every layer after each of the n characters of a text, as `charrnn view` shows them:
        by name, (n, H) each, in the network's precision. "h" is the hidden state of layer 1, "h_2" that of layer 2;
        an LSTM has the cell state "c" too, and gates have their letters. Raises TextError if the text is empty, and
        OptionError for a mixture.
        """
        network = self.single_checkpoint.network
        return inspect(network, self.vocabulary, self._block(text), network.parameters.flat.dtype).activations

    def gradients(self, text: str | bytes) -> tuple[float, dict[str, Array]]:
        """The loss of a text, and its gradient by every parameter, by name and in its shape, from the network's own
        backward pass in float64.

        The loss is the mean over n - 1 of n characters, in nats: each is predicted from those before it, the first is
        only read, from a state of 0. Nothing is dropped or smoothed, and nothing truncated. Raises TextError for fewer
        than 2 characters, VocabularyError for one that the model does not know, and OptionError for a mixture.
        """
        network, block = self.single_checkpoint.network, self._block(text)
        if unknown := [str(block.characters[at]) for at in np.flatnonzero(block.unknown[0, block.unseen :]).tolist()]:
            raise VocabularyError(f"the model does not know {list_characters(unknown)}: the text has no gradient")
        return text_gradients(network, block.ids[0, block.unseen :].astype(np.intp), self.vocabulary.end_id)

    def novelty(self, texts: Sequence[str]) -> Novelty:
        """How much of each text, without its prompt, is copied from the training text, beside held-out text; see
        generation/novelty/. Raises RunError and TextError if the training text cannot be read.
        """
        return novelty(self.training_text.corpus, texts)

    def score_in_pieces(self, text: EncodedText) -> Iterator[ScoredText]:
        """The same, piece by piece, for what `read` returns; nothing if the text is empty."""
        return scoring.score(self.components, self.weights, self.vocabulary, text)

    def evaluate(
        self,
        text: str | bytes | EncodedText | None = None,
        split: str | None = None,
        protocol: Protocol | None = None,
        slices: tuple[int, int] | None = None,
        learning_rate: float | None = None,
        counted: bool = True,
    ) -> Evaluation:
        """How well the model predicts a text. Without one: a split of the training text: train, valid or test (None:
        test, or valid if there is no test), cut as for the training or by another `protocol`.

        With a `learning_rate` the weights follow the text (dynamic evaluation). `counted` adds the baselines: counts of
        the training text, and a compressor. Raises TextError, DivergedError, RunError if the training text cannot be
        read or has no such split, and OptionError for a value out of range and for an option of splits together with a
        text.
        """
        if learning_rate is not None and not 0 <= learning_rate < math.inf:
            raise OptionError(f"{parameter('learning_rate')} must be a number of at least 0; found {learning_rate:g}")
        if text is not None and (split or protocol or slices):
            raise OptionError(
                f"{parameter('split')}, {parameter('protocol')} and {parameter('slices')} cut the training text; leave them out with another text"
            )
        if text is None:
            return self._evaluate_split(split, protocol, slices, learning_rate, counted)
        given = text if isinstance(text, EncodedText) else self._encode(text)
        corpus, notes = None, [*given.notes]
        if counted:
            try:
                corpus = self.training_text.corpus
            except (RunError, TextError) as error:
                notes.append(f"baselines left out, because the training text cannot be read: {error}")
        return self._evaluate(given, corpus, learning_rate, notes=notes)

    def _block(self, text: str | bytes) -> Block:
        """A whole text as one block."""
        encoded = self._encode(text)
        return encoded_text.take(encoded.blocks(), encoded.characters or 0)[0]

    def _encode(self, text: str | bytes) -> EncodedText:
        content = SourceText.from_content(encoded_text.in_unit(text, self.vocabulary.unit))
        return encoded_text.from_text(content, self.vocabulary, self.saved.config.data)

    def _evaluate_split(
        self,
        name: str | None,
        protocol: Protocol | None,
        slices: tuple[int, int] | None,
        learning_rate: float | None,
        counted: bool,
    ) -> Evaluation:
        data, text = self.saved.config.data, self.training_text
        split = make_split(data, protocol, slices)
        corpus = text.cut(split)
        name = held_out(corpus, split, name)
        notes = []
        if name == "valid" and self.weights_are_fitted:
            notes.append("the weights of the mixture were fitted on this very split")
        if seen := text.train_overlap(corpus, name):
            notes.append(
                f"{seen:,} of these {unit_name(self.vocabulary.unit)} were trained on: the training split the text in another way"
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
        """`corpus` has the training split for the baselines; None: no baselines."""
        xz = None if corpus is None else XzBaseline(corpus, text)
        counts = None if corpus is None else self.training_text.counts(corpus)
        self.on_stage(
            f"predicting {amount(text.characters, self.vocabulary.unit)}" if text.characters else "predicting"
        )
        return measure(self.components, self.weights, text, self.vocabulary, counts, learning_rate, xz, cut, notes)


def read_in_step(
    models: Sequence[Model], sources: Sequence[str], encodings: Encodings | None = None
) -> list[EncodedText]:
    """The same text for several models, which read it in turns in one pass. They need the same unit and boundary. Only
    documents are kept in memory whole. Raises TextError.
    """
    data, encodings = models[0].saved.config.data, encodings or Encodings()
    if data.has_documents:
        text = read_text(sources, data, encodings, on_stage=models[0].on_stage)
        return [encoded_text.from_text(text, model.vocabulary, data) for model in models]
    reader = read_once(sources, data, encodings)
    notes, copies = reader.notes(), tee(reader.pieces(), len(models))
    return [
        encoded_text.from_stream(pieces, model.vocabulary, reader.names, notes)
        for model, pieces in zip(models, copies, strict=True)
    ]
