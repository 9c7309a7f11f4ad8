"""All n-grams of a text, n = 1, 2, ..., counted.

The n-grams of one length are sorted; the place of each is its rank. An n-gram is represented by its last character and
by the rank of those before it, an n-gram that is one shorter:

    key = rank(w_1 ... w_n-1) V + w_n          so that one sort of 64-bit integers for each length counts them all,

and the n-grams of one context are side by side. The empty gram has rank 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.errors import TextError, VocabularyError
from charrnn.network.arrays import Array, Ids


@dataclass(frozen=True)
class Grams:
    """The G different n-grams of one length, in the order of their keys."""

    keys: Ids  # (G,)
    counts: Ids  # (G,) of each
    suffixes: Ids  # (G,) the rank of its last n - 1 characters among the grams one shorter
    beginnings: Ids  # the ranks of those that begin a segment
    contexts: int  # the number of grams one shorter


def count(segments: Sequence[Array], vocab_size: int, order: int) -> list[Grams]:
    """The n-grams of length 1 to `order`, none across two segments; fewer lengths if no segment is that long.

    Raises TextError if there are no characters, and VocabularyError if an id is not below `vocab_size`.
    """
    ids = np.concatenate([np.zeros(0, np.intp), *segments]).astype(np.intp)
    if not len(ids):
        raise TextError("an n-gram needs at least 1 character to count; found 0")
    require_in_vocabulary(ids, vocab_size)
    lengths = np.array([len(segment) for segment in segments])
    ends = lengths.cumsum()
    end_of, begins = ends.repeat(lengths), (ends - lengths)[lengths > 0]
    starts, ranks = np.arange(len(ids)), np.zeros(len(ids) + 1, np.intp)
    found: list[Grams] = []
    for n in range(1, order + 1):
        starts, begins = starts[starts + n <= end_of[starts]], begins[begins + n <= end_of[begins]]
        if not len(starts):
            break
        keys, places, inverse, counts = np.unique(
            ranks[starts] * vocab_size + ids[starts + n - 1], return_index=True, return_inverse=True, return_counts=True
        )
        suffixes = ranks[starts[places] + 1]
        ranks[starts] = inverse
        contexts = len(found[-1].keys) if found else 1
        found.append(Grams(keys, counts, suffixes, ranks[begins], contexts))
    return found


def continuations(grams: Grams, longer: Grams) -> Ids:
    """The number of different characters that each n-gram follows, (G,); the beginning of a segment counts as one more.

    So each is at least 1: an n-gram that occurs only at the beginning of a segment still counts as seen.
    """
    counts = np.bincount(longer.suffixes, minlength=len(grams.keys))
    counts[grams.beginnings] += 1  # an index array adds once, however many segments begin so
    return counts


def require_in_vocabulary(ids: Array, vocab_size: int) -> None:
    """Raise VocabularyError if an id is not below `vocab_size`: it would be mistaken for one of another context."""
    highest = int(ids.max(initial=0))
    if highest >= vocab_size:
        raise VocabularyError(f"id {highest} is not among the {vocab_size:,} of the n-gram's vocabulary")
