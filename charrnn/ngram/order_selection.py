"""The order that predicts best, found on the training text alone."""

from collections.abc import Sequence

import numpy as np

from charrnn.errors import TextError
from charrnn.network.arrays import Array
from charrnn.ngram.counts import count
from charrnn.ngram.kneser_ney import Level, NGram, fit, lower_levels, nats, ranks

MAX_ORDER = 10
COUNTED_SHARE = 0.9  # of each segment is counted, to choose the order; the rest is predicted
MAX_COUNTED_CHARS = 4_000_000  # characters counted: of a longer text the last ones; they need 0.6 to 1.7 GB


def fit_best(segments: Sequence[Array], vocab_size: int) -> NGram:
    """The n-gram of the chosen order, fitted on the last MAX_COUNTED_CHARS of all segments. Raises as `losses` does."""
    kept = last(segments, MAX_COUNTED_CHARS)
    return fit(kept, vocab_size, choose_order(kept, vocab_size))


def choose_order(segments: Sequence[Array], vocab_size: int, highest: int = MAX_ORDER) -> int:
    """The order up to `highest` that predicts best, the lowest of equals. Raises as `losses` does."""
    return 1 + int(np.argmin(losses(segments, vocab_size, highest)))


def losses(segments: Sequence[Array], vocab_size: int, highest: int = MAX_ORDER) -> Array:
    """The loss of each order up to `highest`, (orders,), in nats per character: fitted on the first COUNTED_SHARE of
    each segment, evaluated on the rest. Fewer orders if no segment is that long.

    Raises TextError if nothing is left to count, and VocabularyError if an id is too high.
    """
    cuts = [int(COUNTED_SHARE * len(segment)) for segment in segments]
    if not any(cuts):
        raise TextError(
            f"choosing an order needs at least 2 characters in one piece; found {sum(map(len, segments))} in {len(segments)}"
        )
    grams = count([segment[:cut] for segment, cut in zip(segments, cuts, strict=True)], vocab_size, highest)
    lower = lower_levels(grams, vocab_size)
    top = [Level.from_counts(each, each.counts, vocab_size) for each in grams]
    total = sum(_totals(lower, top, segment, cut) for segment, cut in zip(segments, cuts, strict=True))
    return np.asarray(total / (sum(map(len, segments)) - sum(cuts)))


def last(segments: Sequence[Array], longest: int) -> list[Array]:
    """The last `longest` characters of all segments together, as views."""
    kept: list[Array] = []
    for segment in reversed(segments):
        kept.append(segment[max(0, len(segment) - longest) :])
        longest -= len(kept[-1])
    return kept[::-1]


def _totals(lower: Sequence[Level], top: Sequence[Level], ids: Array, context: int) -> Array:
    """The sum of the surprisals of ids[context:] for each order, (orders,).

    The levels below the highest are the same for all orders, so one pass serves all.
    """
    far = max(0, context - len(top) + 1)
    near = ids[far:].astype(np.intp)
    p, totals = np.full(len(near), 1 / top[0].vocab_size), np.zeros(len(top))
    for n, (contexts, grams) in enumerate(ranks(top, near)):
        totals[n] = nats(top[n].interpolate(contexts, grams, p)[context - far :]).sum()
        if n < len(lower):
            p = lower[n].interpolate(contexts, grams, p)
    return totals
