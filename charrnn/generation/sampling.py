"""From logits to characters: small pure functions of probabilities, one row for each text.

Applied in this order: temperature, top-k, top-p, min-p, draw; before them come the alphabet (allowed_symbols.py) and the guard against
repetition (repetition_penalty.py). With the characters in falling order of probability (ties: the lower id first), each filter says how
many of the first are left of those that the one before it left; their probabilities stay as they are.

Only the probabilities are sorted, which is several times as fast as sorting the characters: what is drawn is a place in that
order, and the character is the one that has the probability found there.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.errors import OUTPUT_NOT_FINITE, DivergedError, SamplingError
from charrnn.generation.repetition_penalty import RepetitionPenalty
from charrnn.network.arrays import Array
from charrnn.words import parameter

COLDEST = 1e-200  # a temperature at which all but the likeliest have probability 0, and nothing overflows yet


@dataclass(frozen=True)
class SamplingOptions:
    """How to choose. Raises SamplingError for values out of range."""

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
    def filtered(self) -> bool:
        """Whether anything may be left out."""
        return not (self.top_k is None and self.top_p is None and self.min_p is None)


def choose(logits: Array, options: SamplingOptions, u: Any) -> Any:
    """The id of the next character, from logits, (V,), and a random number u in [0, 1); or one for each row of (B, V), (B,).

    Raises DivergedError where the logits are not finite.
    """
    o = scale_logits(logits, options.temperature)
    if options.temperature == 0:
        return logits.argmax(axis=-1)
    p = np.exp(o, out=o)
    if not options.filtered:
        return draw(np.add.accumulate(p, axis=-1), u)
    falling = _sort_falling(p)
    cumulative = np.add.accumulate(falling, axis=-1)
    return id_at(draw(cumulative, u, keep_count(falling, cumulative, options)), falling, p)


def candidates(logits: Array, options: SamplingOptions) -> Array:
    """The probabilities that `choose` draws with, (B, V), 0 for what was left out. Raises DivergedError."""
    p = np.exp(scale_logits(logits, options.temperature))
    falling = _sort_falling(p)
    n = keep_count(falling, np.add.accumulate(falling, axis=-1), options) if options.temperature > 0 else 1
    places = (-p).argsort(axis=-1, kind="stable").argsort(axis=-1)
    kept = np.where(places < np.reshape(n, (-1, 1)), p, 0.0)
    return np.asarray(kept / kept.sum(axis=-1, keepdims=True))


def keep_count(falling: Array, cumulative: Array, options: SamplingOptions) -> Any:
    """How many of the likeliest all filters leave: a number for p in falling order, (V,), or one for each row of (B, V)."""
    V = falling.shape[-1]
    n: Any = V if options.top_k is None else top_k_count(V, options.top_k)
    if options.top_p is not None:
        n = top_p_count(cumulative[..., :n], options.top_p)
    if options.min_p is not None:
        least = min_p_count(falling, options.min_p)
        n = min(n, least) if falling.ndim == 1 else np.minimum(n, least)
    return n


def top_k_count(V: int, k: int) -> int:
    """The k likeliest; all of them where k is V or more."""
    return min(k, V)


def top_p_count(cumulative: Array, share: float) -> Any:
    """The fewest of the likeliest that have at least this share of the probability together, of the sums of falling p."""
    if cumulative.ndim == 1:
        return 1 + cumulative.searchsorted(share * cumulative[-1])
    return 1 + (cumulative >= share * cumulative[:, -1:]).argmax(axis=-1)


def min_p_count(falling: Array, share: float) -> Any:
    """Those at least this share as likely as the likeliest."""
    if falling.ndim == 1:
        return len(falling) - falling[::-1].searchsorted(share * falling[0])
    return falling.shape[1] - (falling[:, ::-1] >= share * falling[:, :1]).argmax(axis=-1)


def draw(cumulative: Array, u: Any, n: Any = None) -> Any:
    """The place whose interval of the cumulative distribution holds u, 0 <= u < 1, among the first n (None: all), or one for
    each row; none of probability 0.

    The probabilities need not add up to 1: u is taken as a share of their sum, and u times the sum is below the sum, however
    it is rounded, for every u up to 1 - 2^-53, the highest that a generator gives.
    """
    if cumulative.ndim == 1:
        total = cumulative[-1 if n is None else n - 1]
        return cumulative.searchsorted(u * total, side="right")
    total = cumulative[:, -1] if n is None else cumulative[np.arange(len(cumulative)), n - 1]
    return (cumulative > (u * total)[:, np.newaxis]).argmax(axis=-1)


def id_at(place: Any, falling: Array, p: Array) -> Any:
    """The id of the character at a place of p in falling order, ties the lower id first; or one for each row."""
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
    """The slow way of id_at, where the one before is as likely."""
    return (-p).argsort(kind="stable")[place]


def _sort_falling(p: Array) -> Array:
    rising = p.copy()  # and sort, in place of np.sort, whose wrapper takes as long as one row
    rising.sort(axis=-1)
    falling: Array = rising[..., ::-1]
    return falling


def scale_logits(logits: Array, temperature: float) -> Array:
    """(logits - their maximum) / temperature, in float64, for any temperature without overflow; logits may be -inf.

    Raises DivergedError where the maximum is not finite.
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
