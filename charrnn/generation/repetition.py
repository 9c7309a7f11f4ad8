"""A guard against loops: what would once more complete a sequence that has just been written becomes less likely.

    log p(c)  <-  log p(c) - m ln R

for a character c that would complete an n-gram which occurs m times in the last W characters, of the prompt and of what was
written. Unlike a penalty on single characters it leaves alone what every text repeats, letters and short words.
After the repetition penalty of Keskar et al. (2019), CTRL, section 4.1, there on single tokens and on logits.
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from charrnn.errors import SamplingError
from charrnn.network.arrays import Array

Counts = Mapping[int, int]
NEVER: Counts = {}


@dataclass(frozen=True)
class Repetition:
    """R, n and W. Raises SamplingError for values out of range."""

    penalty: float
    ngram: int = 8
    window: int = 400

    def __post_init__(self) -> None:
        if not (math.isfinite(self.penalty) and self.penalty >= 1):
            raise SamplingError(
                f"repetition-penalty must be a number of at least 1 (1 changes nothing); found {self.penalty}"
            )
        if self.ngram < 1:
            raise SamplingError(f"repetition-ngram must be at least 1 character; found {self.ngram}")
        if self.window < self.ngram:
            raise SamplingError(
                f"repetition-window must be at least one n-gram, {self.ngram} characters; found {self.window}"
            )


class Recent:
    """The last W characters of one text: for each n-1 of them in a row, what came next, and how often."""

    def __init__(self, repetition: Repetition, ids: Iterable[int] = ()) -> None:
        """`ids`: what the text begins with."""
        self._before, self._most = repetition.ngram - 1, repetition.window - repetition.ngram + 1
        self._end = ""  # the last n-1 characters, each id as a code point: strings are quick keys
        self._ngrams: deque[tuple[str, int]] = deque()
        self._next: dict[str, dict[int, int]] = {}
        for index in ids:
            self.read(index)

    def read(self, index: int) -> None:
        """One more character; the n-gram that begins with the oldest is forgotten. Takes the same time for any W."""
        if len(self._end) < self._before:
            self._end += chr(index)
            return
        counts = self._next.setdefault(self._end, {})
        counts[index] = counts.get(index, 0) + 1
        self._ngrams.append((self._end, index))
        if len(self._ngrams) > self._most:
            self._forget(*self._ngrams.popleft())
        self._end = (self._end + chr(index))[1:]

    def counts(self) -> Counts:
        """How many n-grams of the window each next character would repeat; characters that would repeat none are left out."""
        return self._next.get(self._end, NEVER)

    def _forget(self, before: str, index: int) -> None:
        counts = self._next[before]
        counts[index] -= 1
        if not counts[index]:
            del counts[index]
        if not counts:
            del self._next[before]


def penalised(logits: Array, counts: Sequence[Counts], penalty: float) -> Array:
    """Logits, (B, V), with count · ln(penalty) taken off each character that is counted for its row; not changed in place."""
    if not any(counts):
        return logits
    lower = logits.copy()
    for row, counted in zip(lower, counts, strict=True):
        for index, count in counted.items():
            row[index] -= count * math.log(penalty)
    return lower
