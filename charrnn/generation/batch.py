"""Continuous batching: texts that advance together, a character of each at a time, and that join and leave between any
two characters. Each is, to the bit, what its seed writes alone.

Source: Yu et al. 2022, Orca: A Distributed Serving System for Transformer-Based Generative Models (iteration-level
scheduling).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from charrnn.generation.allowed_symbols import disallowed_symbols
from charrnn.generation.incremental_decoder import Decoder
from charrnn.generation.predictors import WINDOW, LabelSmoothingCorrection
from charrnn.generation.repetition_penalty import NGramHistory, penalise
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling import choose
from charrnn.generation.sampling_loop import BLOCK
from charrnn.generation.stop_strings import StopDetector
from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax
from charrnn.network.stepper import Stepper
from charrnn.text.vocabulary import Vocabulary

SLICE = 64  # characters of a prompt that are read before the others get their next one

Score = tuple[float, list[tuple[int, float]]]
"""ln p of a character by the network, before any filter, and the likeliest ids with theirs."""


class BatchedText:
    """A text that is being written. `finish` is None until it ends: "stop" or "length"; a caller who sets it takes the
    text out of its batch at the next character.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        request: SampleRequest,
        seed: int,
        top: int | None = None,
        scored_prompt: bool = False,
    ) -> None:
        """A length of 0 writes nothing. `top`: score each character, and keep as many of the likeliest; with
        `scored_prompt` those of the prompt as well. Raises VocabularyError for characters of the prompt that are not
        known, and ValueError for a seed below 0.
        """
        self.ids: list[int] = []
        self.scores: list[Score] = []  # of each id, if they are wanted
        self.prompt_ids, self.prompt_scores = vocabulary.encode(request.prompt), list[Score]()
        self.finish: str | None = None
        self.request, self.top, self.scored_prompt = request, top, scored_prompt and top is not None
        begin_id, guard = vocabulary.begin_id, request.options.repetition
        self.read = self.prompt_ids if begin_id is None else np.insert(self.prompt_ids, 0, begin_id)
        self.blind = not len(self.read)  # its first character is a blind guess
        self.history = NGramHistory(guard, self.read[:, np.newaxis]) if guard else None
        self._ends = StopDetector([Decoder(vocabulary)], request.stops, vocabulary.end_id)
        self._detects = bool(request.stops) or vocabulary.end_id is not None
        self.numbers = _random_numbers(np.random.default_rng(seed))

    def add(self, index: int) -> None:
        """Write one more character."""
        self.ids.append(index)
        if self.history:
            self.history.read([index])
        if self._detects and self._ends.read([index]):
            self.finish = self.finish or "stop"
        elif len(self.ids) >= self.request.length:
            self.finish = self.finish or "length"


class Batch:
    """The texts that one network writes at present.

    >>> from charrnn.network.architecture import Architecture
    >>> vocabulary = Vocabulary.from_text("abc")
    >>> network = Network.fresh(Architecture(vocab_size=3, hidden_size=4), np.random.default_rng(0))
    >>> batch, text = Batch(network, vocabulary), BatchedText(vocabulary, SampleRequest("ab", length=5), seed=1)
    >>> batch.join([text])
    >>> while text.finish is None:
    ...     batch.advance()
    >>> len(vocabulary.decode(text.ids))
    5
    """

    def __init__(self, network: Network, vocabulary: Vocabulary, label_smoothing: float = 0.0) -> None:
        self.texts: list[BatchedText] = []  # those that are being written, a row each
        self._network, self._vocabulary, self._label_smoothing = network, vocabulary, label_smoothing
        self._disallowed = disallowed_symbols(vocabulary)
        self._readings: list[_Reading] = []
        self._groups: list[_Group] = []
        self._logits = np.empty((0, len(vocabulary)))
        self._step: Stepper | None = None

    def __len__(self) -> int:
        return len(self.texts) + sum(len(reading.texts) for reading in self._readings)

    def join(self, texts: Sequence[BatchedText]) -> None:
        """Begin texts that have one prompt, which is read once."""
        together, first = [texts], texts[0]
        if first.request.length == 0 and not (first.scored_prompt and len(first.read)):
            for text in texts:
                text.finish = "length"
            return
        if first.blind:  # each begins with its own guess, which is then read
            blind = np.zeros((len(texts), len(self._vocabulary)))
            self._draw(list(texts), blind, self._group(texts, blind))
            together = [[text] for text in texts if text.finish is None]
        self._readings += [_Reading(self._network, some) for some in together]

    @np.errstate(over="ignore", invalid="ignore")  # sampling reports what is not finite
    def advance(self) -> None:
        """Draw a character of each text, then read a slice of the prompts, the shortest first. Raises DivergedError."""
        if self.texts and self._step:
            ids = self._draw(self.texts, self._logits, self._groups)
            self._logits = self._step(ids)
        for reading in self._readings:
            reading.texts = [text for text in reading.texts if text.finish is None]
        self._readings = [reading for reading in self._readings if reading.texts]
        begun, left = [], SLICE
        while self._readings and left > 0:
            shortest = min(self._readings, key=lambda reading: reading.left)
            left -= shortest.go_on(left)
            if left > 0:
                self._readings.remove(shortest)
                begun.append(shortest)
        kept = [row for row, text in enumerate(self.texts) if text.finish is None]
        if begun or len(kept) < len(self.texts):
            self._regroup(kept, begun)

    def _regroup(self, kept: list[int], begun: "list[_Reading]") -> None:
        """Keep some rows and add those of the prompts that are read."""
        texts = [self.texts[row] for row in kept]
        parts = [(self._logits[kept], self._step.state[:, kept])] if kept and self._step else []
        for reading in begun:
            written = [text for text in reading.texts if text.request.length > 0]
            for text in reading.texts:
                text.finish = text.finish or (None if text in written else "length")
            parts += [tuple(np.repeat(each, len(written), -2) for each in (reading.logits, reading.state))] * bool(
                written
            )
            texts += written
        self.texts, self._groups = texts, []
        if texts:
            self._logits, state = (np.concatenate(each, axis=-2) for each in zip(*parts, strict=True))
            self._step = Stepper(self._network, state, like=self._step)
            self._groups = self._group(texts, self._logits)

    def _group(self, texts: Sequence[BatchedText], logits: Array) -> "list[_Group]":
        """The rows of those that are drawn alike."""
        rows = defaultdict(list)
        for row, text in enumerate(texts):
            rows[text.request.options, text.blind].append(row)
        return [_Group([texts[row] for row in some], some, logits, self._label_smoothing) for some in rows.values()]

    def _draw(self, texts: Sequence[BatchedText], logits: Array, groups: "Sequence[_Group]") -> Ids:
        """The next character of each text, (B,), from the logits, (B, V)."""
        ids = np.empty(len(texts), np.intp)
        for group in groups:
            ids[group.rows] = group.choose(logits, self._disallowed)
        if scored := [row for row, text in enumerate(texts) if text.top is not None]:
            log_p = log_softmax(logits[scored])
            for row, each in zip(scored, log_p, strict=True):
                texts[row].scores.append(score(each, int(ids[row]), texts[row].top or 0))
        for text, index in zip(texts, ids.tolist(), strict=True):
            text.add(index)
        return ids


class _Group:
    """Texts with the same options: rows of a batch."""

    def __init__(self, texts: Sequence[BatchedText], rows: list[int], logits: Array, label_smoothing: float) -> None:
        self.rows: Any = slice(None) if len(rows) == len(logits) else rows
        self._texts, self._options = texts, texts[0].request.options
        self._numbers = [text.numbers for text in texts]
        self._dtype: Any = np.float64 if texts[0].blind and label_smoothing else logits.dtype  # as BlindStart's
        self._unsmooth = LabelSmoothingCorrection(logits[self.rows].astype(self._dtype), label_smoothing)

    def choose(self, logits: Array, disallowed: Array | None) -> Ids:
        """As `draw_texts` does."""
        allowed = self._unsmooth(logits[self.rows].astype(self._dtype, copy=False))
        if disallowed is not None:
            allowed = np.where(disallowed, -np.inf, allowed)
        if guard := self._options.repetition:
            following = [text.history.following[0] for text in self._texts if text.history]
            allowed = penalise(allowed, following, guard.penalty)
        u = np.array([next(numbers) for numbers in self._numbers])
        if len(u) > 1:
            return np.asarray(choose(allowed, self._options, u))
        return np.array([choose(allowed[0], self._options, u[0])])


def _random_numbers(generator: np.random.Generator) -> Iterator[float]:
    """Numbers in [0, 1), as many at once as `draw_texts` takes."""
    while True:
        yield from generator.random(BLOCK).tolist()


class _Reading:
    """A prompt on its way through the network, in the windows of NetworkPredictor, which decide the last bits."""

    def __init__(self, network: Network, texts: Sequence[BatchedText]) -> None:
        first = texts[0]
        self.texts, self._network = list(texts), network
        self._inputs = np.array(first.ids) if first.blind else first.read
        self._scored = [text for text in texts if text.scored_prompt]
        self.left = len(self._inputs) * len(network.layers)
        self.state, self.logits = network.zero_state(1), np.empty(0)
        self._steps = self._read()
        if self._scored and first.read is first.prompt_ids and len(first.prompt_ids):
            V = network.architecture.vocab_size  # the first character is a blind guess
            self._score(np.full((1, V), -np.log(V)), first.prompt_ids[:1])

    def go_on(self, most: int) -> int:
        """Read `most` characters, or up to the end. Returns how many these were."""
        count = sum(1 for _ in islice(self._steps, most))
        self.left -= count
        return count

    def _read(self) -> Iterator[None]:
        inputs = self._inputs[:, np.newaxis].astype(np.intp)
        for start in range(0, len(inputs), WINDOW):
            window = inputs[start : start + WINDOW]
            ws = self._network.workspace(*window.shape)
            yield from self._network.logits_step_by_step(window, self.state, ws)
            self.state, self.logits = ws.state, ws.logits[-1].copy()
            if self._scored:
                self._score(log_softmax(ws.logits[:, 0]), self._inputs[start + 1 : start + WINDOW + 1])

    def _score(self, log_p: Array, ids: Array) -> None:
        """Score characters of the prompt from the log probabilities before each."""
        for each, index in zip(log_p, ids.tolist(), strict=False):
            for text in self._scored:
                text.prompt_scores.append(score(each, index, text.top or 0))


def score(log_p: Array, index: int, top: int) -> Score:
    """The score of one character, from log probabilities, (V,); ties: the lower id first."""
    likeliest = (-log_p).argsort(kind="stable")[:top].tolist() if top else []
    return float(log_p[index]), [(each, float(log_p[each])) for each in likeliest]
