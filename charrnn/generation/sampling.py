"""From logits to characters: small pure functions of probabilities, one row for each text.

Applied in this order: allowed symbols (allowed_symbols.py), guard against repetition (repetition_penalty.py),
temperature, top-k, top-p, min-p, draw. The characters are in falling order of probability (ties: the lower id first),
and each filter keeps the first n of those that the filter before it kept; their probabilities stay as they are.

Only the probabilities are sorted, which is several times as fast as sorting the characters: a place in that order is
drawn, and the character is the one with the probability at that place.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.errors import OUTPUT_NOT_FINITE, DivergedError, SamplingError
from charrnn.generation.repetition_penalty import RepetitionPenalty
from charrnn.network.arrays import Array
from charrnn.words import parameter

COLDEST = 1e-200  # a temperature at which only the likeliest has a probability above 0, and nothing overflows


@dataclass(frozen=True)
class SamplingOptions:
    """How to choose the next character. Raises SamplingError for values out of range.

    Source: Fan et al. 2018 (top-k); Holtzman et al. 2020 (top-p, the nucleus); Nguyen et al. 2024 (min-p).

    >>> SamplingOptions(temperature=0.8, top_p=0.95).has_filters
    True
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition: RepetitionPenalty | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise SamplingError(
                f"{parameter('temperature')} must be a number of at least 0 (0 always takes the likeliest character); found {self.temperature}"
            )
        if self.top_k is not None and self.top_k < 1:
            raise SamplingError(f"{parameter('top_k')} must be at least 1; found {self.top_k}")
        for name, share in ((parameter("top_p"), self.top_p), (parameter("min_p"), self.min_p)):
            if share is not None and not 0 < share <= 1:
                raise SamplingError(f"{name} must be above 0 and at most 1; found {share}")

    @property
    def has_filters(self) -> bool:
        """Whether a filter may leave anything out."""
        return not (self.top_k is None and self.top_p is None and self.min_p is None)


def choose(logits: Array, options: SamplingOptions, u: Any) -> Any:
    """The id of the next character, from logits, (V,), and a random number u in [0, 1); or (B,) ids, one for each row
    of (B, V).

    Raises DivergedError if the logits are not finite.

    >>> logits = np.log([0.5, 0.3, 0.2])
    >>> [int(choose(logits, SamplingOptions(), u)) for u in (0.4, 0.6, 0.9)]
    [0, 1, 2]
    >>> int(choose(logits, SamplingOptions(top_k=2), 0.9))
    1
    """
    o = scale_logits(logits, options.temperature)
    if options.temperature == 0:
        return logits.argmax(axis=-1)
    p = np.exp(o, out=o)
    if not options.has_filters:
        return draw(np.add.accumulate(p, axis=-1), u)
    falling = _sort_falling(p)
    cumulative = np.add.accumulate(falling, axis=-1)
    return id_at(draw(cumulative, u, keep_count(falling, cumulative, options)), falling, p)


def candidates(logits: Array, options: SamplingOptions) -> Array:
    """The probabilities that `choose` draws with, (B, V), 0 for what the filters left out. Raises DivergedError."""
    p = np.exp(scale_logits(logits, options.temperature))
    falling = _sort_falling(p)
    n = keep_count(falling, np.add.accumulate(falling, axis=-1), options) if options.temperature > 0 else 1
    places = (-p).argsort(axis=-1, kind="stable").argsort(axis=-1)
    kept = np.where(places < np.reshape(n, (-1, 1)), p, 0.0)
    return np.asarray(kept / kept.sum(axis=-1, keepdims=True))


def keep_count(falling: Array, cumulative: Array, options: SamplingOptions) -> Any:
    """How many of the likeliest all filters keep: a number for falling p, (V,), or one for each row of (B, V)."""
    V = falling.shape[-1]
    n: Any = V if options.top_k is None else min(V, options.top_k)
    if options.top_p is not None:
        n = top_p_count(cumulative[..., :n], options.top_p)
    if options.min_p is not None:
        least = min_p_count(falling, options.min_p)
        n = min(n, least) if falling.ndim == 1 else np.minimum(n, least)
    return n


def top_p_count(cumulative: Array, share: float) -> Any:
    """The fewest of the likeliest with at least this share of the probability together, from sums of falling p."""
    if cumulative.ndim == 1:
        return 1 + cumulative.searchsorted(share * cumulative[-1])
    return 1 + (cumulative >= share * cumulative[:, -1:]).argmax(axis=-1)


def min_p_count(falling: Array, share: float) -> Any:
    """Those with at least this share of the highest probability."""
    if falling.ndim == 1:
        return len(falling) - falling[::-1].searchsorted(share * falling[0])
    return falling.shape[1] - (falling[:, ::-1] >= share * falling[:, :1]).argmax(axis=-1)


def draw(cumulative: Array, u: Any, n: Any = None) -> Any:
    """The place whose interval of the cumulative distribution contains u, 0 <= u < 1, among the first n (None: all); or
    one for each row. Never a place of probability 0.

    The probabilities need not add up to 1: u is a share of their sum. However it is rounded, u times the sum is below
    the sum for every u up to 1 - 2^-53, the highest that a generator gives.
    """
    if cumulative.ndim == 1:
        total = cumulative[-1 if n is None else n - 1]
        return cumulative.searchsorted(u * total, side="right")
    total = cumulative[:, -1] if n is None else cumulative[np.arange(len(cumulative)), n - 1]
    return (cumulative > (u * total)[:, np.newaxis]).argmax(axis=-1)


def id_at(place: Any, falling: Array, p: Array) -> Any:
    """The id of the character at a place of p in falling order (ties: the lower id first); or one for each row."""
    if p.ndim == 1:
        value = falling[place]
        return _id_among_equals(place, p) if falling[place - 1] == value else (p == value).argmax()
    rows = np.arange(len(p))
    values = falling[rows, place]
    ids = (p == values[:, np.newaxis]).argmax(axis=-1)
    for row in np.flatnonzero(falling[rows, place - 1] == values):
        ids[row] = _id_among_equals(place[row], p[row])
    return ids


def _id_among_equals(place: int, p: Array) -> Any:
    """The slow way of id_at, if the character before it is equally likely."""
    return (-p).argsort(kind="stable")[place]


def _sort_falling(p: Array) -> Array:
    rising = p.copy()  # np.sort would do both, but its wrapper takes as long as one row
    rising.sort(axis=-1)
    falling: Array = rising[..., ::-1]
    return falling


def scale_logits(logits: Array, temperature: float) -> Array:
    """(logits - their maximum) / temperature, in float64, without overflow at any temperature; logits may be -inf.

    Raises DivergedError if the maximum is not finite.
    """
    o = logits.astype(np.float64)
    if o.ndim == 1:  # one text alone, at full speed
        top = o[o.argmax()]
        finite = math.isfinite(top)
    else:
        top = o.max(axis=-1, keepdims=True)
        finite = np.isfinite(top).all()
    if not finite:
        raise DivergedError(OUTPUT_NOT_FINITE)
    np.subtract(o, top, out=o)
    return np.divide(o, max(temperature, COLDEST), out=o)
