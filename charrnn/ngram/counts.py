"""All n-grams of a text, n = 1, 2, ..., counted.

The n-grams of one length stand in order; the place of each is its rank. An n-gram is its first n - 1 characters, by their
rank among those of that length, and its last one:

    key = rank(w_1 ... w_n-1) V + w_n          so one sort of 64-bit integers a length counts them all,

and what follows a context stands side by side. The empty gram has rank 0.
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
    counts: Ids  # (G,) how often each occurs
    suffixes: Ids  # (G,) the rank of its last n - 1 characters among the grams that are one shorter
    beginnings: Ids  # the rank of each that begins a segment
    contexts: int  # how many grams one shorter there are


def count(segments: Sequence[Array], vocab_size: int, order: int) -> list[Grams]:
    """The n-grams of length 1 to `order`, none across two segments; fewer lengths where no segment is that long.

    Raises TextError where there is no character, and VocabularyError where an id is not below `vocab_size`.
    """
    ids = np.concatenate([np.zeros(0, np.intp), *segments]).astype(np.intp)
    if not len(ids):
        raise TextError("an n-gram needs at least 1 character to count; found 0")
    require_known(ids, vocab_size)
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
    """How many different characters each n-gram follows, (G,); the beginning of a segment counts as one more character.

    So each has at least 1: what was only seen where a segment begins is not taken for never seen.
    """
    counts = np.bincount(longer.suffixes, minlength=len(grams.keys))
    counts[grams.beginnings] += 1  # one, however many segments begin so: an index array adds once
    return counts


def require_known(ids: Array, vocab_size: int) -> None:
    """Raise VocabularyError where an id is not below `vocab_size`: it would be read as another context's."""
    highest = int(ids.max(initial=0))
    if highest >= vocab_size:
        raise VocabularyError(f"id {highest} is not among the {vocab_size:,} of the n-gram's vocabulary")
