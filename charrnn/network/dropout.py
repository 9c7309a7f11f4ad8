"""Dropout on what goes up: from layer to layer and from the last layer to the readout, never along time.

    up = h' ∘ mask        mask: 0 with probability `rate`, else 1 / (1 - rate), so that the mean is kept

Whether a unit is dropped is a pure function of seed, step, layer, stream, time and unit, by a counter-based generator: nothing
has to be saved beyond the step, and no split of the streams over threads or machines changes a mask.

Source: Srivastava et al. 2014; for recurrent networks in this place, Zaremba, Sutskever and Vinyals 2014.
"""

from dataclasses import dataclass

import numpy as np

from charrnn.network.arrays import Array

LEVELS = 1 << 16  # a unit's chance is compared in steps of 1 / 65,536


@dataclass(frozen=True)
class Dropout:
    """The masks of one training step, for the streams from `first_stream` on."""

    rate: float
    seed: int
    step: int
    first_stream: int = 0

    def fill(self, mask: Array, layer: int) -> None:
        """Fill a mask, (T, B, H)."""
        T, B, H = mask.shape
        dropped = min(round(self.rate * LEVELS), LEVELS - 1)
        for stream in range(B):
            counter = [0, layer, self.first_stream + stream, self.step]
            bits = np.random.Philox(key=self.seed, counter=counter).random_raw(-(-T * H // 4))
            chance = bits.view(np.uint16)[: T * H].reshape(T, H)
            np.greater_equal(chance, dropped, out=mask[:, stream], casting="unsafe")
        np.multiply(mask, LEVELS / (LEVELS - dropped), out=mask)
