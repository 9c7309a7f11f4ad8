"""From logits to characters: small pure functions of probabilities, one row for each stream.

Applied in this order: temperature, top-k, top-p, min-p, draw. The characters are put in order, the likeliest first (ties:
the lower id first), and each filter leaves the first of what those before it left, their probabilities unchanged: of one
text it cuts off the rest, of several it sets the rest to 0.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.errors import DivergedError, SamplingError
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

    @property
    def filtered(self) -> bool:
        """Whether anything may be left out."""
        return not (self.top_k is None and self.top_p is None and self.min_p is None)


def choose(logits: Array, options: Options, u: Any) -> Any:
    """The id of the next character, from logits, (V,), and a random number u in [0, 1); or one for each row of (B, V), (B,).

    Raises DivergedError where the logits are not finite.
    """
    o = _scaled(logits, options.temperature)
    if options.temperature == 0:
        return logits.argmax(axis=-1)
    if not options.filtered:
        return draw(np.exp(o, out=o), u)
    order = (-o).argsort(axis=-1, kind="stable")
    if o.ndim == 1:
        return order[draw(keep(np.exp(o[order]), options), u)]
    places = draw(keep(np.exp(np.take_along_axis(o, order, axis=-1)), options), u)
    return order[np.arange(len(order)), places]


def keep(p: Array, options: Options) -> Array:
    """What all filters leave of the probabilities p, (V,) or (B, V), the likeliest first."""
    if options.top_k is not None:
        p = keep_top_k(p, options.top_k)
    if options.top_p is not None:
        p = keep_top_p(p, options.top_p)
    if options.min_p is not None:
        p = keep_min_p(p, options.min_p)
    return p


def keep_top_k(p: Array, k: int) -> Array:
    """Only the k likeliest; all of them where k is V or more."""
    return p[..., :k]


def keep_top_p(p: Array, share: float) -> Array:
    """Only the fewest of the likeliest that have at least this share of the probability together."""
    cumulative = np.add.accumulate(p, axis=-1)
    if p.ndim == 1:
        return p[: 1 + cumulative[:-1].searchsorted(share * cumulative[-1])]
    missing = cumulative[:, :-1] < share * cumulative[:, -1:]  # after the first, the second, ...
    return p * np.pad(missing, ((0, 0), (1, 0)), constant_values=True)


def keep_min_p(p: Array, share: float) -> Array:
    """Only those at least this share as likely as the likeliest."""
    if p.ndim == 1:
        return p[: len(p) - p[::-1].searchsorted(share * p[0])]
    return p * (p >= share * p[:, :1])


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
    return np.count_nonzero(cumulative <= level[:, np.newaxis], axis=-1)


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
