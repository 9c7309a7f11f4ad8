"""Names for the runs that two texts share, after Karp, Miller and Rosenberg (1972).

Each run of n symbols that occurs in both texts has a name, a number; equal runs have the same name. A run of m symbols,
n < m <= 2n, is identified by the names of its first n symbols and of its last n, which may overlap:

    name_m(i) = rank of the pair (name_n(i), name_n(i + m - n)) among the pairs of the first text

A run that one of the texts lacks has no name, and neither has any run that contains it. Pairs are compared, never
hashed: nothing can collide. A step takes time O((M + N) log M), for a text of M symbols looked up in one of N, whatever
they hold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.text.vocabulary import Ids

Numbers = NDArray[np.int32]
Pairs = NDArray[np.int64]
Indices = NDArray[np.intp]
NO_NAME = -1
PAIR_BASE = 1 << 31  # above every name
PIECE = 1 << 16  # places handled together: few enough for the processor's cache


@dataclass(frozen=True)
class RunIds:
    """Names of the runs of `length` symbols that begin at each place of the text, (M,), and the training text, (N,)."""

    length: int
    text: Numbers
    training: Numbers

    @classmethod
    def from_symbols(cls, text: NDArray[np.intp], training: Ids) -> "RunIds":
        """Single symbols, named by their ids; those of `text` may be NO_NAME, which equals nothing."""
        occurs = np.zeros(max(int(text.max(initial=0)), int(training.max(initial=0))) + 1, np.bool_)
        for start in range(0, len(training), PIECE):
            occurs[training[start : start + PIECE]] = True
        named = np.where(occurs[text], text, NO_NAME)  # NO_NAME stays itself, whatever it looks up
        return cls(1, named.astype(np.int32), training.astype(np.int32))

    def extend(self, length: int) -> "RunIds":
        """The names of longer runs, of at most twice the length."""
        places = _places_with_ids(self.text, length - self.length, 0, len(self.text))
        known, rank = np.unique(self.pairs(self.text, places, length), return_inverse=True)
        training, occurs = np.full_like(self.training, NO_NAME), np.zeros(len(known), np.bool_)
        for start in range(0, len(training), PIECE):
            piece = _places_with_ids(self.training, length - self.length, start, start + PIECE)
            names = find_pairs(known, self.pairs(self.training, piece, length))
            training[piece] = names
            occurs[names[names >= 0]] = True
        text = np.full_like(self.text, NO_NAME)
        text[places] = np.where(occurs[rank], rank, NO_NAME)
        return RunIds(length, text, training)

    def pairs(self, names: Numbers, places: Indices, length: int) -> Pairs:
        """The runs of `length` symbols at some places of a text, each as the pair of `names` that identifies it."""
        return names[places] * np.int64(PAIR_BASE) + names[places + (length - self.length)]


def find_pairs(known: Pairs, pairs: Pairs) -> Indices:
    """The index of each pair among the known ones, which are sorted; NO_NAME if it is not among them."""
    if not len(known):
        return np.full(len(pairs), NO_NAME, np.intp)
    places = np.minimum(known.searchsorted(pairs), len(known) - 1)
    return np.where(known[places] == pairs, places, NO_NAME)


def _places_with_ids(names: Numbers, gap: int, start: int, stop: int) -> Indices:
    """The places from start to stop that have a name and another one `gap` symbols later."""
    last = names[start + gap : stop + gap]
    return start + np.flatnonzero((names[start : start + len(last)] >= 0) & (last >= 0))
