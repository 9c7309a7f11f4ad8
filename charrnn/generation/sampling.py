"""From logits to characters: small pure functions of probabilities, one row for each text.

Applied in this order: temperature, top-k, top-p, min-p, draw; before them come the alphabet (alphabet.py) and the guard against
repetition (repetition.py). Each filter sets to 0 what it leaves out of what those before it left, and changes no other
probability. Of equally likely characters those with the lower ids stay.

What top-k and top-p keep are the first n of the probabilities in falling order. Only the values are sorted, which is several
times as fast as sorting the characters: the n-th value is the least that stays.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.errors import DivergedError, SamplingError
from charrnn.generation.repetition import Repetition
from charrnn.network.arrays import Array
from charrnn.network.readout import log_softmax

COLDEST = 1e-200  # a temperature at which all but the likeliest have probability 0, and nothing overflows yet
BELOW_ONE = 1 - 2**-52  # keeps u times a sum below the sum, however it is rounded


@dataclass(frozen=True)
class Options:
    """How to choose. Raises SamplingError for values out of range."""

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition: Repetition | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise SamplingError(
                f"temperature must be a number of at least 0 (0 always takes the likeliest character); found {self.temperature}"
            )
        if self.top_k is not None and self.top_k < 1:
            raise SamplingError(f"top-k must be at least 1; found {self.top_k}")
        for name, share in (("top-p", self.top_p), ("min-p", self.min_p)):
            if share is not None and not 0 < share <= 1:
                raise SamplingError(f"{name} must be above 0 and at most 1; found {share}")


def choose(logits: Array, options: Options, u: Any) -> Any:
    """The id of the next character, from logits, (V,), and a random number u in [0, 1); or one for each row of (B, V), (B,).

    Raises DivergedError where the logits are not finite.
    """
    o = _scaled(logits, options.temperature)
    if options.temperature == 0:
        return logits.argmax(axis=-1)
    return draw(keep(np.exp(o, out=o), options), u)


def candidates(logits: Array, options: Options) -> Array:
    """The probabilities that `choose` draws from, (V,) or (B, V), 0 for what was left out. Raises DivergedError."""
    o = _scaled(logits, options.temperature)
    if options.temperature == 0:
        return np.where(np.arange(o.shape[-1]) == o.argmax(axis=-1, keepdims=True), 1.0, 0.0)
    p = keep(np.exp(o), options)
    return np.asarray(p / p.sum(axis=-1, keepdims=True))


def keep(p: Array, options: Options) -> Array:
    """What all filters leave of the probabilities p, (V,) or (B, V), which need not add up to 1."""
    if options.top_k is options.top_p is options.min_p is None:
        return p
    falling = _falling(p)
    n: Any = left_by_top_k(falling, options.top_k or p.shape[-1])
    if options.top_p is not None:
        n = left_by_top_p(falling[..., :n], options.top_p)
    if options.min_p is not None:
        least = left_by_min_p(falling, options.min_p)
        n = min(n, least) if p.ndim == 1 else np.minimum(n, least)
    return keep_first(p, falling, n)


def left_by_top_k(falling: Array, k: int) -> int:
    """How many are left of the k likeliest: all where k is V or more. `falling`: probabilities in falling order."""
    return min(k, int(falling.shape[-1]))


def left_by_top_p(falling: Array, share: float) -> Any:
    """The fewest of the likeliest that have at least this share of the probability together; a number, or one for each row."""
    cumulative = np.add.accumulate(falling, axis=-1)
    if falling.ndim == 1:
        return 1 + cumulative[:-1].searchsorted(share * cumulative[-1])
    return 1 + (cumulative >= share * cumulative[:, -1:]).argmax(axis=-1)


def left_by_min_p(falling: Array, share: float) -> Any:
    """How many are at least this share as likely as the likeliest; a number, or one for each row."""
    if falling.ndim == 1:
        return len(falling) - falling[::-1].searchsorted(share * falling[0])
    return np.count_nonzero(falling >= share * falling[:, :1], axis=-1)


def keep_first(p: Array, falling: Array, n: Any) -> Array:
    """Only the n likeliest, 1 <= n <= V, or n[b] in row b; `falling` is p in falling order."""
    V = p.shape[-1]
    if p.ndim == 1:
        least = falling[n - 1]
        alone: Array = _keep_first_of_equals(p, n) if n < V and falling[n] == least else p * (p >= least)
        return alone
    rows = np.arange(len(p))
    least = falling[rows, n - 1]
    kept: Array = p * (p >= least[:, np.newaxis])
    for row in np.flatnonzero((falling[rows, np.minimum(n, V - 1)] == least) & (n < V) & (least > 0)):
        kept[row] = _keep_first_of_equals(p[row], np.broadcast_to(n, len(p))[row])
    return kept


def _keep_first_of_equals(p: Array, n: int) -> Array:
    """The slow way of keep_first, where the n-th and the next are equally likely: a stable sort of the ids."""
    kept = p.copy()
    kept[(-p).argsort(kind="stable")[n:]] = 0
    return kept


def _falling(p: Array) -> Array:
    rising = p.copy()  # and sort, in place of np.sort, whose wrapper takes as long as one row
    rising.sort(axis=-1)
    falling: Array = rising[..., ::-1]
    return falling


def tempered(logits: Array, temperature: float) -> Array:
    """log softmax(logits / temperature), for any temperature above 0 without overflow; logits may be -inf."""
    return log_softmax(_scaled(logits, temperature))


def draw(p: Array, u: Any) -> Any:
    """The place whose interval of the cumulative distribution holds u, 0 <= u < 1, or one for each row; none of probability 0.

    The probabilities need not add up to 1: u is taken as a share of their sum.
    """
    cumulative = np.add.accumulate(p, axis=-1)
    if cumulative.ndim == 1:
        level = u * BELOW_ONE * cumulative[-1]
        return cumulative.searchsorted(level, side="right")
    level = u * BELOW_ONE * cumulative[:, -1]
    return (cumulative > level[:, np.newaxis]).argmax(axis=-1)


def _scaled(logits: Array, temperature: float) -> Array:
    """(logits - their maximum) / temperature, in float64. Raises DivergedError where the maximum is not finite."""
    o = logits.astype(np.float64)
    if o.ndim == 1:  # one text alone, at full speed
        top = o[o.argmax()]
        finite = math.isfinite(top)
    else:
        top = o.max(axis=-1, keepdims=True)
        finite = np.isfinite(top).all()
    if not finite:
        raise DivergedError("the network's output is no longer a finite number: its training diverged")
    np.subtract(o, top, out=o)
    return np.divide(o, max(temperature, COLDEST), out=o)
