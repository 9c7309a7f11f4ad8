"""Text from a predictor, a trained network most often, one character at a time, or many texts side by side."""

import codecs
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, takewhile

import numpy as np

from charrnn.generation.alphabet import forbidden
from charrnn.generation.predictor import Predictor, Step
from charrnn.generation.sampling import Options, choose
from charrnn.generation.stopping import first_stop, require_stops, until
from charrnn.network.arrays import Array, Ids
from charrnn.network.readout import log_softmax
from charrnn.text.vocabulary import Vocabulary

Seed = int | tuple[int, ...]
BLOCK = 256  # characters whose random numbers are drawn at once


@dataclass(frozen=True)
class Sample:
    """A text that was written, without its prompt; `finish` is "length" or "stop", and `log_probability` that of all that was
    drawn, a stop string or a document's end included, in nats, as the predictor has it before any filter.
    """

    text: str
    seed: Seed
    finish: str
    log_probability: float | None


class Generator:
    """A predictor and its vocabulary, writing."""

    def __init__(self, predictor: Predictor, vocabulary: Vocabulary, only: str | None = None) -> None:
        """`only` names the characters that may be written; see alphabet.py. Raises SamplingError."""
        self._predictor, self._vocabulary = predictor, vocabulary
        self._forbidden = forbidden(vocabulary, only)

    def generate(
        self, prompt: str, length: int, options: Options, seed: Seed, stops: Sequence[str] = ()
    ) -> Iterator[str]:
        """Write `length` characters (bytes, for a byte model; 0: without end) that follow `prompt`, without the prompt
        itself, or up to the first of the stop strings, or to where a document ends.

        Without a prompt it first reads, unseen, a line's end, or where the vocabulary has none a character
        drawn at random. A model of documents always reads first that one begins. A byte model yields whole
        characters, with U+FFFD for what is not UTF-8, and may therefore yield fewer. The same seed gives the same
        text. Raises VocabularyError for a character of the prompt that the vocabulary lacks, and SamplingError for
        an empty stop string.
        """
        require_stops(stops)
        ids = (ids for ids, _ in self._ids(prompt, length or None, options, [seed]))
        if self._vocabulary.unit == "byte":
            pieces = _whole_characters(ids)
        else:
            symbols, end = self._vocabulary.symbols, self._vocabulary.end_id
            written = ids if end is None else takewhile(lambda chosen: chosen[0] != end, ids)
            pieces = (symbols[chosen[0]] for chosen in written)
        return until(pieces, stops) if stops else pieces

    def generate_many(
        self,
        prompt: str,
        length: int,
        options: Options,
        seeds: Sequence[Seed],
        stops: Sequence[str] = (),
        scored: bool = False,
    ) -> list[Sample]:
        """One text for each seed, written side by side: what `generate` would write with that seed. `scored`: each with its
        probability. A `length` of 0 is for documents alone: each to its end.
        """
        require_stops(stops)
        ids, log_p = [], []
        end, ended = self._vocabulary.end_id, np.zeros(len(seeds), np.bool_)
        for chosen, logits in self._ids(prompt, length if end is None else length or None, options, seeds):
            ids.append(chosen)
            if scored:
                log_p.append(log_softmax(logits)[np.arange(len(chosen)), chosen])
            if end is not None and (ended := ended | (chosen == end)).all():
                break
        texts, chances = np.array(ids, np.intp).T.tolist(), np.array(log_p).T if scored else [None] * len(seeds)
        return [self._sample(*each, stops) for each in zip(texts, seeds, chances, strict=True)]

    def _sample(self, ids: list[int], seed: Seed, log_p: Array | None, stops: Sequence[str]) -> Sample:
        finish, end_id = "length", self._vocabulary.end_id
        if end_id in ids:
            finish, ids = "stop", ids[: ids.index(end_id) + 1]
            log_p = None if log_p is None else log_p[: len(ids)]
        text = self._vocabulary.decode(ids)
        end = first_stop(text, stops)
        if end is None:
            return Sample(text, seed, finish, _total(log_p))

        def stopped(drawn: int) -> bool:
            return first_stop(self._vocabulary.decode(ids[:drawn]), stops) is not None

        drawn = bisect_left(range(len(ids) + 1), True, key=stopped)
        return Sample(text[:end], seed, "stop", None if log_p is None else _total(log_p[:drawn]))

    def _ids(
        self, prompt: str, length: int | None, options: Options, seeds: Sequence[Seed]
    ) -> Iterator[tuple[Ids, Array]]:
        """The next character of each text, (len(seeds),), and the logits it was chosen from, (len(seeds), V), `length` times.

        A mistake in the prompt is told at once.
        """
        generators = [np.random.default_rng(seed) for seed in seeds]
        prompts = [self._first_ids(prompt, generator) for generator in generators]
        logits, step = self._predictor.begin(np.stack(prompts, axis=1))
        return self._write(logits, step, length, options, generators)

    def _write(
        self,
        logits: Array,
        step: Step,
        length: int | None,
        options: Options,
        generators: Sequence[np.random.Generator],
    ) -> Iterator[tuple[Ids, Array]]:
        for u in _random_numbers(length, generators):
            allowed = logits
            if self._forbidden is not None:
                allowed = np.where(self._forbidden, -np.inf, logits)
            ids = choose(allowed, options, u) if len(u) > 1 else np.array([choose(allowed[0], options, u[0])])
            yield ids, logits
            logits = step(ids)

    def _first_ids(self, prompt: str, random: np.random.Generator) -> Array:
        if self._vocabulary.end_id is not None:
            return np.insert(self._vocabulary.encode(prompt), 0, self._vocabulary.end_id)
        if prompt:
            return self._vocabulary.encode(prompt)
        if "\n" in self._vocabulary.symbols:
            return self._vocabulary.encode("\n")
        known = [index for index in range(len(self._vocabulary)) if index != self._vocabulary.unknown_id]
        return random.choice(known, 1)


def _total(log_p: Array | None) -> float | None:
    return None if log_p is None else float(log_p.sum())


def _random_numbers(length: int | None, generators: Sequence[np.random.Generator]) -> Iterator[Array]:
    """One number in [0, 1) from each generator, (len(generators),), `length` times; None: without end."""
    for start in count(0, BLOCK) if length is None else range(0, length, BLOCK):
        numbers = np.stack([generator.random(BLOCK) for generator in generators], axis=1)
        yield from numbers if length is None else numbers[: length - start]


def _whole_characters(ids: Iterator[Ids]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for chosen in ids:
        if text := decoder.decode(bytes([chosen[0]])):
            yield text
    if rest := decoder.decode(b"", final=True):
        yield rest
