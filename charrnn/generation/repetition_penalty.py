"""A guard against loops: a character that would repeat a recent sequence becomes less likely.

    log p(c)  <-  log p(c) - m ln R

for a character c that would complete an n-gram which occurs m times in the last W characters, prompt included. Unlike a
penalty on single characters, it leaves alone what every text repeats: letters and short words.

Source: after the repetition penalty of Keskar et al. (2019), CTRL, section 4.1, which is on single tokens and on
logits.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.errors import SamplingError
from charrnn.network.arrays import Array
from charrnn.words import parameter


@dataclass(frozen=True)
class RepetitionPenalty:
    """R, n and W. Raises SamplingError for values out of range."""

    penalty: float
    ngram: int = 8
    window: int = 400

    def __post_init__(self) -> None:
        if not (math.isfinite(self.penalty) and self.penalty >= 1):
            raise SamplingError(
                f"{parameter('repetition.penalty')} must be a number of at least 1 (1 changes nothing); found {self.penalty}"
            )
        if self.ngram < 1:
            raise SamplingError(f"{parameter('repetition.ngram')} must be at least 1 character; found {self.ngram}")
        if self.window < self.ngram:
            raise SamplingError(
                f"{parameter('repetition.window')} must be at least one n-gram, {self.ngram} characters; found {self.window}"
            )


class NGramHistory:
    """The last W characters of each of B texts: for each n-1 characters in a row, what came next.

    Strings of code points replace ids: they are the fastest keys and the smallest counters.
    """

    def __init__(self, repetition: RepetitionPenalty, prompts: Array) -> None:
        """`prompts`: the beginnings of the texts, (T, B)."""
        B = prompts.shape[1]
        self.following = [""] * B
        """What followed the last n-1 characters of each text so far: one code point for each n-gram in the window."""
        self._before, self._most = repetition.ngram - 1, repetition.window - repetition.ngram + 1
        self._ends = [""] * B  # the last n-1 characters
        self._ngrams: list[deque[str]] = [deque() for _ in range(B)]  # without their last characters, the oldest first
        self._next: list[dict[str, str]] = [{} for _ in range(B)]
        for ids in prompts[-repetition.window :].tolist():
            self.read(ids)

    def read(self, ids: Sequence[int]) -> None:
        """Add one character to each text; the n-gram that begins with the oldest character is forgotten."""
        for b, (index, end, ngrams, following) in enumerate(
            zip(ids, self._ends, self._ngrams, self._next, strict=True)
        ):
            longer = end + chr(index)
            if len(longer) > self._before:
                following[end] = following.get(end, "") + longer[-1]
                ngrams.append(end)
                longer = longer[1:]
            if len(ngrams) > self._most:
                oldest = ngrams.popleft()
                if later := following[oldest][1:]:
                    following[oldest] = later
                else:
                    del following[oldest]
            self._ends[b] = longer
            self.following[b] = following.get(longer, "")


def penalise(logits: Array, following: Sequence[str], penalty: float) -> Array:
    """A copy of the logits, (B, V), less ln(penalty) for each time a character is in its row's `following`."""
    if not any(following):
        return logits
    lower = logits.copy()
    for row, followers in enumerate(following):
        for character in set(followers):
            lower[row, ord(character)] -= followers.count(character) * math.log(penalty)
    return lower
