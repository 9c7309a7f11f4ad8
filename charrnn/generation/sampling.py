"""From logits to characters: small pure functions on log probabilities, (..., V), one row for each stream.

Applied in this order: temperature, top-k, top-p, draw. A filter takes and gives normalised log probabilities;
what it leaves out becomes -inf. Ties are broken towards the lower id, so that exactly k characters are kept.
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

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise SamplingError(
                f"temperature must be a number of at least 0 (0 always takes the likeliest character); found {self.temperature}"
            )
        if self.top_k is not None and self.top_k < 1:
            raise SamplingError(f"top-k must be at least 1; found {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise SamplingError(f"top-p must be above 0 and at most 1; found {self.top_p}")


def choose(logits: Array, options: Options, u: Any) -> Any:
    """The id of the next character, from logits, (V,), and a random number u in [0, 1); or one for each row of (B, V), (B,).

    Raises DivergedError where the logits are not finite.
    """
    log_p = _scaled(logits, options.temperature)
    if options.temperature == 0:
        return logits.argmax(axis=-1)
    if options.top_k is not None or options.top_p is not None:
        log_p = log_softmax(log_p)
        if options.top_k is not None:
            log_p = keep_top_k(log_p, options.top_k)
        if options.top_p is not None:
            log_p = keep_top_p(log_p, options.top_p)
    return draw(log_p, u)


def tempered(logits: Array, temperature: float) -> Array:
    """log softmax(logits / temperature), for any temperature above 0 without overflow; logits may be -inf."""
    return log_softmax(_scaled(logits, temperature))


def keep_top_k(log_p: Array, k: int) -> Array:
    """Only the k likeliest; all of them where k is V or more."""
    return _keep(log_p, _rank(log_p) < k)


def keep_top_p(log_p: Array, p: float) -> Array:
    """Only the likeliest whose probabilities add up to p: the fewest that reach it, and at least one."""
    order = _by_likelihood(log_p)
    falling = np.exp(np.take_along_axis(log_p, order, axis=-1))
    ahead = np.cumsum(falling, axis=-1) - falling  # the mass ahead of the first, the second, ...
    count = np.count_nonzero(ahead < p, axis=-1, keepdims=True)
    return _keep(log_p, _rank(log_p) < np.maximum(count, 1))


def draw(log_p: Array, u: Any) -> Any:
    """The id whose interval of the cumulative distribution holds u, 0 <= u < 1, or one for each row; none of probability 0.

    The probabilities need not add up to 1: u is taken as a share of their sum.
    """
    cumulative = np.add.accumulate(np.exp(log_p), axis=-1)
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


def _by_likelihood(log_p: Array) -> Array:
    return np.argsort(-log_p, axis=-1, kind="stable")


def _rank(log_p: Array) -> Array:
    """0 for the likeliest, 1 for the next, ..."""
    return np.argsort(_by_likelihood(log_p), axis=-1, kind="stable")


def _keep(log_p: Array, kept: Array) -> Array:
    return log_softmax(np.where(kept, log_p, -np.inf))
