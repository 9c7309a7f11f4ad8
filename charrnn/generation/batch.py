"""Continuous batching: texts that advance together, a character of each at a time, and that join and leave between any
two characters. Each is, to the bit, what its seed writes alone.

Source: Yu et al. 2022, Orca: A Distributed Serving System for Transformer-Based Generative Models.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from charrnn.generation.allowed_symbols import disallowed_symbols
from charrnn.generation.incremental_decoder import Decoder
from charrnn.generation.predictors import WINDOW
from charrnn.generation.repetition_penalty import NGramHistory
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling_loop import Chooser
from charrnn.generation.stop_strings import StopDetector
from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax
from charrnn.network.stepper import Stepper
from charrnn.text.vocabulary import Vocabulary

SLICE = 64  # characters of prompts that are read before each text gets its next one

Score = tuple[float, list[tuple[int, float]]]
"""ln p of a character by the network, before any filter, and the likeliest ids with theirs."""

_Group = tuple[list[int], np.dtype[Any], Chooser]
"""The rows of a batch that have the same options, and the type of their logits."""


class BatchedText:
    """A text that is being written. `finish` is None, and in the end "stop" or "length"; who sets it to anything else
    takes the text out of its batch at the next character.
    """

    def __init__(
        self, vocabulary: Vocabulary, request: SampleRequest, seed: int, top: int | None = None, echo: bool = False
    ) -> None:
        """A length of 0 writes nothing. `top`: score each character, with that many of the likeliest; with `echo` those
        of the prompt too. Raises VocabularyError for a prompt with characters that are not known.
        """
        self.request, self.top, self.blind = request, top, False
        self.ids, self.prompt_ids = list[int](), vocabulary.encode(request.prompt)
        self.scores, self.prompt_scores = list[Score](), list[Score]()  # of each id, where they are wanted
        self.random = np.random.default_rng(seed)
        self.scores_prompt, self.read = echo and top is not None, self.prompt_ids
        if vocabulary.begin_id is not None:
            self.read = np.insert(self.prompt_ids, 0, vocabulary.begin_id)
        elif not len(self.read):
            self.blind = True  # its first character is a guess
        elif self.scores_prompt:
            self.prompt_scores.append(_score(np.full(len(vocabulary), -np.log(len(vocabulary))), self.read[0], top))
        has_work = request.length or (self.scores_prompt and len(self.read))
        self.finish: str | None = None if has_work else "length"
        guard = request.options.repetition
        self.history = NGramHistory(guard, self.read[:, np.newaxis]) if guard else None
        can_stop = request.stops or vocabulary.end_id is not None
        self._ends = StopDetector([Decoder(vocabulary)], request.stops, vocabulary.end_id) if can_stop else None

    def add(self, index: int) -> None:
        """Write one more character."""
        self.ids.append(index)
        if self.history:
            self.history.read([index])
        if self._ends and self._ends.read([index]):
            self.finish = self.finish or "stop"
        elif len(self.ids) >= self.request.length:
            self.finish = self.finish or "length"


class Batch:
    """The texts that one network writes at present. To the bit they are those of `sample` if the BLAS has one thread."""

    def __init__(self, network: Network, vocabulary: Vocabulary, label_smoothing: float = 0.0) -> None:
        self.texts: list[BatchedText] = []  # those that are being written, a row each
        self._network, self._V, self._label_smoothing = network, len(vocabulary), label_smoothing
        self._disallowed = disallowed_symbols(vocabulary)
        self._readings: list[_Reading] = []
        self._groups: list[_Group] = []
        self._logits = np.empty((0, self._V), network.parameters.flat.dtype)
        self._step: Stepper | None = None

    def __len__(self) -> int:
        return len(self.texts) + sum(len(reading.texts) for reading in self._readings)

    def join(self, texts: Sequence[BatchedText]) -> None:
        """Begin texts of one prompt, which is read once, but for those that have ended."""
        texts = [text for text in texts if not text.finish]
        together = [texts] if texts else []
        if texts and texts[0].blind:  # each reads its own guess
            logits = np.zeros((len(texts), self._V))
            self._draw(texts, logits, self._group(texts, logits))
            together = [[text] for text in texts]
        self._readings += [_Reading(self._network, some) for some in together]

    @np.errstate(over="ignore", invalid="ignore")  # sampling reports what is not finite
    def advance(self) -> None:
        """Draw a character of each text, then read a slice of the prompts, the shortest first. Raises DivergedError."""
        if self.texts and self._step:
            self._logits = self._step(self._draw(self.texts, self._logits, self._groups))
        for reading in self._readings:
            reading.texts = [text for text in reading.texts if not text.finish]
        self._readings = [reading for reading in self._readings if reading.texts]
        begun, room = list[_Reading](), SLICE
        while self._readings and room > 0:
            shortest = min(self._readings, key=lambda reading: reading.left)
            room -= (count := sum(1 for _ in islice(shortest.steps, room)))
            shortest.left -= count
            if room > 0:
                self._readings.remove(shortest)
                begun.append(shortest)
        kept = [row for row, text in enumerate(self.texts) if not text.finish]
        if begun or len(kept) < len(self.texts):
            self._regroup(kept, begun)

    def _regroup(self, kept: list[int], begun: "Sequence[_Reading]") -> None:
        """Keep these rows, and add those of the prompts that were read."""
        state = self._step.state if self._step else self._network.zero_state(0)
        parts, texts = [(self._logits[kept], state[:, kept])], [self.texts[row] for row in kept]
        for reading in begun:
            texts += (new := reading.texts)
            parts.append((np.repeat(reading.logits, len(new), 0), np.repeat(reading.state, len(new), 1)))
        self.texts = texts
        if texts:
            self._logits, state = (np.concatenate(each, axis=-2) for each in zip(*parts, strict=True))
            self._step = Stepper(self._network, state, like=self._step)
            self._groups = self._group(texts, self._logits)

    def _group(self, texts: Sequence[BatchedText], logits: Array) -> "list[_Group]":
        """The rows that are drawn alike."""
        alike, groups = defaultdict(list), list[_Group]()
        for row, text in enumerate(texts):
            alike[text.request.options, text.blind].append(row)
        for (options, blind), rows in alike.items():
            own = logits[rows]
            if blind and self._label_smoothing:
                own = own.astype(np.float64)  # as BlindStart gives it
            groups.append((rows, own.dtype, Chooser(own, options, self._label_smoothing, self._disallowed)))
        return groups

    def _draw(self, texts: Sequence[BatchedText], logits: Array, groups: "Sequence[_Group]") -> Ids:
        """The next character of each text, (B,), from the logits, (B, V)."""
        ids = np.empty(len(texts), np.intp)
        for rows, dtype, choose in groups:
            some = [texts[row] for row in rows]
            numbers = np.array([text.random.random() for text in some])
            following = [text.history.following[0] for text in some if text.history]
            ids[rows], _ = choose(logits[rows].astype(dtype, copy=False), numbers, following)
        if scored := [row for row, text in enumerate(texts) if text.top is not None]:
            for row, log_p in zip(scored, log_softmax(logits[scored]), strict=True):
                texts[row].scores.append(_score(log_p, ids[row], texts[row].top))
        for text, index in zip(texts, ids.tolist(), strict=True):
            text.add(index)
        return ids


class _Reading:
    """A prompt on its way through the network, in the windows of NetworkPredictor, which decide the last bits."""

    def __init__(self, network: Network, texts: Sequence[BatchedText]) -> None:
        first, self.texts, self._network = texts[0], list(texts), network
        self._ids = np.array(first.ids) if first.blind else first.read
        self._scores = first.prompt_scores if first.scores_prompt else None
        for text in texts:
            text.prompt_scores = first.prompt_scores
        self.left, self.state, self.steps = len(self._ids) * len(network.layers), network.zero_state(1), self._read()

    def _read(self) -> Iterator[None]:
        for start in range(0, len(self._ids), WINDOW):
            window = self._ids[start : start + WINDOW, np.newaxis].astype(np.intp)
            ws = self._network.workspace(*window.shape)
            yield from self._network.logits_step_by_step(window, self.state, ws)
            self.state, self.logits = ws.state, ws.logits[-1].copy()
            if self._scores is not None:
                rows = zip(log_softmax(ws.logits[:, 0]), self._ids[start + 1 : start + WINDOW + 1], strict=False)
                self._scores += [_score(log_p, index, self.texts[0].top) for log_p, index in rows]
        for text in self.texts:
            text.finish = text.finish or (None if text.request.length else "length")
        self.texts = [text for text in self.texts if not text.finish]


def _score(log_p: Array, index: int, top: int | None) -> Score:
    """The score of one character, from log probabilities, (V,)."""
    likeliest = (-log_p).argsort(kind="stable")[:top].tolist() if top else []
    return float(log_p[index]), [(each, float(log_p[each])) for each in likeliest]
