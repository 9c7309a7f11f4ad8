"""Several readers as one: p = Σ w_m p_m, with weights w that are positive and add up to 1.

Networks that err differently, and counts that err otherwise again, are better together than the best alone. The weights are
those under which a validation text is likeliest, found by expectation and maximisation, which climbs to the one maximum.

Source: Jelinek and Mercer 1980 (deleted interpolation).
"""

from collections.abc import Sequence

import numpy as np

from charrnn.errors import DivergedError
from charrnn.network.arrays import Array
from charrnn.system.blas_threads import one_blas_thread
from charrnn.text.vocabulary import Ids
from charrnn.training.surprisal import Reader

CONVERGED = 1e-9  # nats per character that a further round would gain
ROUNDS = 1000


class MixtureReader:
    """Readers of the same text, mixed."""

    def __init__(self, readers: Sequence[Reader], weights: Sequence[float]) -> None:
        """`weights` as those of `mixed`."""
        self._readers, self._weights = readers, weights

    def read(self, ids: Ids) -> Array:
        """As evaluation.Reader has it. Raises DivergedError as `read_all` does."""
        return mixed(read_all(self._readers, ids), self._weights)


def read_all(readers: Sequence[Reader], ids: Ids) -> Array:
    """The surprisals of the next block under each of M readers, (M, k, n). Raises DivergedError where one is not finite."""
    found = np.stack([reader.read(ids) for reader in readers])
    if not np.isfinite(found).all():
        raise DivergedError("the network's output is no longer a finite number: its training diverged")
    return found


def mixed(surprisals: Array, weights: Sequence[float]) -> Array:
    """The surprisals under the mixture of M members, (...), in float64, from theirs, (M, ...), with weights that add up to 1."""
    with np.errstate(divide="ignore"):  # a weight of 0
        log_w = np.log(np.asarray(weights, np.float64)).reshape(-1, *[1] * (surprisals.ndim - 1))
    return np.asarray(
        np.maximum(0 - np.logaddexp.reduce(log_w - surprisals, axis=0), 0)
    )  # of what is certain 0 and not -0


@one_blas_thread()
def fit_weights(surprisals: Array) -> list[float]:
    """The weights of M members under which n characters, whose surprisals they are, (M, n), are likeliest."""
    p = np.exp(surprisals.min(axis=0) - surprisals)  # relative to the likeliest: nothing underflows where it counts
    w, before = np.full(len(p), 1 / len(p)), -np.inf
    for _ in range(ROUNDS):
        total = w @ p
        gain = np.log(total).mean()
        if gain - before < CONVERGED:
            break
        w, before = w * (p / total).mean(axis=1), gain  # each member's share in what was predicted
    return [float(weight) for weight in w]
