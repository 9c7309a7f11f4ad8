"""The first character of a text, if nothing was read before it."""

import numpy as np

from charrnn.generation.predictors import Predictor, Step
from charrnn.network.arrays import Array, Ids


class BlindStart:
    """A predictor that starts from nothing: the first character is a blind guess, every symbol equally likely."""

    def __init__(self, predictor: Predictor, vocab_size: int) -> None:
        self._predictor, self._vocab_size = predictor, vocab_size
        self.label_smoothing = predictor.label_smoothing

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """See Predictor.begin; the texts are empty so far, (0, B)."""
        go_on: Step | None = None

        def step(ids: Ids) -> Array:
            nonlocal go_on
            if go_on is None:
                logits, go_on = self._predictor.begin(ids[np.newaxis])
                return logits
            return go_on(ids)

        return np.zeros((inputs.shape[1], self._vocab_size)), step
