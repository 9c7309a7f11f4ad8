"""Several scorers as one: p = Σ w_m p_m, with weights w that are at least 0 and add up to 1."""

from collections.abc import Sequence

import numpy as np

from charrnn.errors import OUTPUT_NOT_FINITE, DivergedError
from charrnn.network.arrays import Array
from charrnn.text.vocabulary import Ids
from charrnn.training.surprisal import Scorer


class MixtureScorer:
    """Scorers of the same text, mixed; itself a Scorer."""

    def __init__(self, scorers: Sequence[Scorer], weights: Sequence[float]) -> None:
        """`weights`: see `mix`."""
        self._scorers, self._weights = scorers, weights

    def score(self, ids: Ids) -> Array:
        """See Scorer.score. Raises DivergedError as `score_all` does."""
        return mix(score_all(self._scorers, ids), self._weights)


def score_all(scorers: Sequence[Scorer], ids: Ids) -> Array:
    """The surprisals of the next block by each of M scorers, (M, k, n). Raises DivergedError if one is not finite."""
    found = np.stack([scorer.score(ids) for scorer in scorers])
    if not np.isfinite(found).all():
        raise DivergedError(OUTPUT_NOT_FINITE)
    return found


def mix(surprisals: Array, weights: Sequence[float]) -> Array:
    """The surprisals of a mixture, (...), float64, from those of M components, (M, ...); the weights add up to 1."""
    with np.errstate(divide="ignore"):  # a weight of 0
        log_w = np.log(np.asarray(weights, np.float64)).reshape(-1, *[1] * (surprisals.ndim - 1))
    mixed = 0 - np.logaddexp.reduce(log_w - surprisals, axis=0)  # 0 and not -0 for what is certain
    return np.asarray(np.maximum(mixed, 0))
