"""The weights of a mixture, fitted to a validation text.

Networks that make different errors, and counts that make yet others, are better together than the best alone. The
weights make the text likeliest; expectation-maximisation finds them, because there is only one maximum.

Source: Jelinek and Mercer 1980 (deleted interpolation).
"""

import numpy as np

from charrnn.network.arrays import Array
from charrnn.system.blas_threads import one_blas_thread

CONVERGED = 1e-9  # nats per character that a further round would gain
ROUNDS = 1000


@one_blas_thread()
def fit_weights(surprisals: Array) -> list[float]:
    """The weights of M components that make n characters likeliest, from their surprisals, (M, n)."""
    p = np.exp(surprisals.min(axis=0) - surprisals)  # relative to the likeliest, so that nothing important underflows
    w, before = np.full(len(p), 1 / len(p)), -np.inf
    for _ in range(ROUNDS):
        total = w @ p
        gain = np.log(total).mean()
        if gain - before < CONVERGED:
            break
        w, before = w * (p / total).mean(axis=1), gain  # each component's share of the prediction
    return [float(weight) for weight in w]
