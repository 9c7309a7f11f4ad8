"""How many values stand where a nonlinearity is flat, as shares from 0 to 1.

tanh      |value| above 0.99: φ' is below 0.02
sigmoid   outside 0.01 to 0.99: φ' is below 0.01
"""

import numpy as np

from charrnn.network.arrays import Array

NEAR = 0.99


def of_tanh(values: Array) -> float:
    """The share of what tanh gave."""
    return float(np.mean(np.abs(values) > NEAR))


def of_sigmoid(values: Array) -> float:
    """The share of what a sigmoid gave."""
    return float(np.mean(np.abs(2 * values - 1) > 2 * NEAR - 1))
