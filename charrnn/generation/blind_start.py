"""The first character of a text before which nothing was read."""

import numpy as np

from charrnn.generation.predictors import Predictor, Step
from charrnn.network.arrays import Array, Ids


class BlindStart:
    """A predictor that begins with nothing: the first character is a blind guess, every symbol as likely as the other."""

    def __init__(self, predictor: Predictor, vocab_size: int) -> None:
        self._predictor, self._vocab_size = predictor, vocab_size
        self.label_smoothing = predictor.label_smoothing

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """As Predictor has it, of texts that are empty so far, (0, B)."""
        go_on: Step | None = None

        def step(ids: Ids) -> Array:
            nonlocal go_on
            if go_on is None:
                logits, go_on = self._predictor.begin(ids[np.newaxis])
                return logits
            return go_on(ids)

        return np.zeros((inputs.shape[1], self._vocab_size)), step
