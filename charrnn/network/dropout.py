"""Dropout on what goes up: from layer to layer and from the last layer to the readout, never along time.

    up = h' ∘ mask        mask: 0 with probability `rate`, else 1 / (1 - rate), so that the mean is kept

Whether a unit is dropped is a pure function of seed, step, layer, stream, time and unit, by a counter-based generator:
nothing has to be saved beyond the step, and no split of the streams over threads or machines changes a mask.

Source: Srivastava et al. 2014; for recurrent networks in this place, Zaremba, Sutskever and Vinyals 2014.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.network.arrays import Array

RATE_LEVELS = 1 << 16  # a unit's chance is compared in steps of 1 / 65,536


@dataclass(frozen=True)
class Dropout:
    """The masks of one training step, for the streams from `first_stream` on.

    >>> mask = np.empty((2, 1, 4))
    >>> Dropout(rate=0.5, seed=0, step=0).fill(mask, layer=0)
    >>> sorted(set(mask.ravel().tolist()))
    [0.0, 2.0]
    """

    rate: float
    seed: int
    step: int
    first_stream: int = 0

    def fill(self, mask: Array, layer: int) -> None:
        """Fill the mask of a layer, (T, B, H)."""
        T, B, H = mask.shape
        for stream in range(B):
            place = layer, self.first_stream + stream, self.step
            np.copyto(mask[:, stream], keep_mask(self.rate, self.seed, place, T * H).reshape(T, H))
        np.multiply(mask, scale(self.rate), out=mask)


def keep_mask(rate: float, seed: int, place: tuple[int, int, int], count: int) -> NDArray[np.bool_]:
    """Which of `count` things are kept, (count,), each with probability 1 - rate; each place has its own draws."""
    bits = np.random.Philox(key=seed, counter=[0, *place]).random_raw(-(-count // 4))
    return bits.view(np.uint16)[:count] >= _drop_threshold(rate)


def scale(rate: float) -> float:
    """The factor of what is kept, 1 / (1 - rate), which preserves the mean.

    >>> scale(0.75)
    4.0
    """
    return RATE_LEVELS / (RATE_LEVELS - _drop_threshold(rate))


def _drop_threshold(rate: float) -> int:
    return min(round(rate * RATE_LEVELS), RATE_LEVELS - 1)
