"""From logits to one character: small pure functions on log probabilities, (V,).

Applied in this order: temperature, top-k, top-p, draw. A filter takes and gives normalised log probabilities;
what it leaves out becomes -inf. Ties are broken towards the lower id, so that exactly k characters are kept.
"""

import math
from dataclasses import dataclass

import numpy as np

from charrnn.errors import DivergedError, SamplingError
from charrnn.network.arrays import Array
from charrnn.network.readout import log_softmax


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


def choose(logits: Array, options: Options, u: float) -> int:
    """The id of the next character, from logits, (V,), and one random number u in [0, 1).

    Raises DivergedError where the logits are not finite.
    """
    if not np.isfinite(logits.max()):
        raise DivergedError("the network's output is no longer a finite number: its training diverged")
    if options.temperature == 0:
        return int(np.argmax(logits))
    log_p = tempered(logits, options.temperature)
    if options.top_k is not None:
        log_p = keep_top_k(log_p, options.top_k)
    if options.top_p is not None:
        log_p = keep_top_p(log_p, options.top_p)
    return draw(log_p, u)


def tempered(logits: Array, temperature: float) -> Array:
    """log softmax(logits / temperature), for any temperature above 0 without overflow; logits may be -inf."""
    o = logits.astype(np.float64)
    with np.errstate(over="ignore"):  # a tiny temperature sends all but the likeliest to -inf, as it should
        return log_softmax((o - o.max()) / temperature)


def keep_top_k(log_p: Array, k: int) -> Array:
    """Only the k likeliest; all of them where k is V or more."""
    return _keep(log_p, _by_likelihood(log_p)[:k])


def keep_top_p(log_p: Array, p: float) -> Array:
    """Only the likeliest whose probabilities add up to p: the fewest that reach it, and at least one."""
    order = _by_likelihood(log_p)
    before = np.cumsum(np.exp(log_p[order[:-1]]))  # the mass ahead of the second, the third, ...
    return _keep(log_p, order[: 1 + np.count_nonzero(before < p)])


def draw(log_p: Array, u: float) -> int:
    """The id whose interval of the cumulative distribution holds u, 0 <= u < 1; never one of probability 0."""
    cumulative = np.cumsum(np.exp(log_p))
    return int(np.searchsorted(cumulative, u * cumulative[-1], side="right"))


def _by_likelihood(log_p: Array) -> Array:
    return np.argsort(-log_p, kind="stable")


def _keep(log_p: Array, ids: Array) -> Array:
    kept = np.full_like(log_p, -np.inf)
    kept[ids] = log_p[ids]
    return log_softmax(kept)
