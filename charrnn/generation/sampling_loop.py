"""The loop that writes: logits in, characters out, for B texts side by side.

In each step, before the filters of sampling.py: what label smoothing added is removed, characters that are
not allowed get probability 0, and the guard against repetition applies.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import NamedTuple

import numpy as np

from charrnn.generation.predictors import LabelSmoothingCorrection, Predictor
from charrnn.generation.repetition_penalty import NGramHistory, penalise
from charrnn.generation.sampling import SamplingOptions, choose
from charrnn.network.arrays import Array, Ids
from charrnn.network.readout import log_softmax
from charrnn.system.blas_threads import one_blas_thread

BLOCK = 256  # characters whose random numbers are drawn at once


class SampledStep(NamedTuple):
    """One character of each of B texts; the logits may be buffers that the next step overwrites."""

    ids: Ids  # (B,)
    logits: Array  # (B, V) from the predictor
    allowed: Array  # (B, V) after smoothing correction, allowed symbols and guard: the input of the filters

    def surprisals(self) -> Array:
        """-ln p of each character, (B,), by the predictor, before anything was left out."""
        chosen: Array = log_softmax(self.logits)[np.arange(len(self.ids)), self.ids]
        return -chosen


def draw_texts(
    predictor: Predictor,
    prompts: Array,
    length: int | None,
    options: SamplingOptions,
    generators: Sequence[np.random.Generator],
    disallowed: Array | None = None,
) -> Iterator[SampledStep]:
    """Read the prompts, (T, B), at once, then draw `length` characters for each (None: no limit), each with one
    random number from its text's own generator. Symbols marked in `disallowed`, (V,), are never drawn. Memory does not
    grow with the length.
    """
    with one_blas_thread():
        logits, step = predictor.begin(prompts)
    recent = NGramHistory(options.repetition, prompts) if options.repetition else None
    chooser = Chooser(logits, options, predictor.label_smoothing, disallowed)

    def draws(logits: Array) -> Iterator[SampledStep]:
        with one_blas_thread():
            for u in _random_numbers(length, generators):
                ids, allowed = chooser(logits, u, recent.following if recent else ())
                yield SampledStep(ids, logits, allowed)
                if recent:
                    recent.read(ids.tolist())
                logits = step(ids)

    return draws(logits)


class Chooser:
    """Chooses the next characters of texts with the same options."""

    def __init__(
        self, logits: Array, options: SamplingOptions, label_smoothing: float, disallowed: Array | None
    ) -> None:
        """For logits of this shape and type, (B, V)."""
        self._options, self._disallowed = options, disallowed
        self._unsmooth = LabelSmoothingCorrection(logits, label_smoothing)

    def __call__(self, logits: Array, u: Array, following: Sequence[str]) -> tuple[Ids, Array]:
        """The ids, (B,), and what the filters were given, (B, V), from the logits, random numbers, (B,), and with a
        guard what followed earlier in each text.
        """
        allowed, guard = self._unsmooth(logits), self._options.repetition
        if self._disallowed is not None:
            allowed = np.where(self._disallowed, -np.inf, allowed)
        if guard:
            allowed = penalise(allowed, following, guard.penalty)
        many = len(u) > 1
        ids = choose(allowed, self._options, u) if many else np.array([choose(allowed[0], self._options, u[0])])
        return ids, allowed


def _random_numbers(length: int | None, generators: Sequence[np.random.Generator]) -> Iterator[Array]:
    """One number in [0, 1) from each generator, (len(generators),), `length` times; None: no limit."""
    for start in count(0, BLOCK) if length is None else range(0, length, BLOCK):
        numbers = np.stack([generator.random(BLOCK) for generator in generators], axis=1)
        yield from numbers if length is None else numbers[: length - start]
