"""Random weights to start from.

Recurrent weights are orthogonal, so that nothing vanishes or explodes at first; all others are uniform within
±1/√H (as PyTorch has them); biases are zero. Drawn in float64 whatever the precision of the parameters.
"""

import numpy as np

from charrnn.network.arrays import Array
from charrnn.network.parameters import Parameters


def initialise(parameters: Parameters, generator: np.random.Generator) -> None:
    """Fill every parameter, in order."""
    bound = 1 / np.sqrt(parameters["W_hh"].shape[0])
    for name, view in parameters.items():
        if name.startswith("W_hh"):
            view[:] = orthogonal(len(view), generator)
        elif view.ndim == 2:
            view[:] = generator.uniform(-bound, bound, view.shape)


def orthogonal(size: int, generator: np.random.Generator) -> Array:
    """A random orthogonal matrix, (size, size), uniform over all of them (Saxe, McClelland and Ganguli 2014)."""
    q, r = np.linalg.qr(generator.standard_normal((size, size)))
    return np.asarray(q * np.sign(np.diag(r)))
