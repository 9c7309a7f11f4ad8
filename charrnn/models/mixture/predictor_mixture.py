"""Several predictors as one: p = Σ w_m p_m."""

from collections.abc import Sequence

import numpy as np

from charrnn.generation.predictors import Predictor, Step
from charrnn.network.arrays import Array, Ids
from charrnn.network.readout import log_softmax


class MixturePredictor:
    """Predictors with one vocabulary, mixed with weights that are at least 0 and add up to 1."""

    def __init__(self, predictors: Sequence[Predictor], weights: Sequence[float]) -> None:
        self._predictors = predictors
        shares = [weight * each.label_smoothing for each, weight in zip(predictors, weights, strict=True)]
        self.label_smoothing = sum(shares)
        with np.errstate(divide="ignore"):  # a weight of 0
            self._log_w = np.log(np.asarray(weights, np.float64))[:, np.newaxis, np.newaxis]

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """See Predictor.begin."""
        begun = [predictor.begin(inputs) for predictor in self._predictors]
        steps = [step for _, step in begun]
        return self._mix([logits for logits, _ in begun]), lambda ids: self._mix([step(ids) for step in steps])

    def _mix(self, logits: Sequence[Array]) -> Array:
        """log Σ w_m p_m, (B, V), from the logits of each predictor, (B, V)."""
        return np.asarray(np.logaddexp.reduce(self._log_w + np.stack([*map(log_softmax, logits)]), axis=0))
