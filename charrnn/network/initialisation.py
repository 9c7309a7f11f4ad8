"""Random weights to start from: uniform within ±1/√H, as PyTorch has them; biases zero.

Such recurrent weights have a spectral radius of about 0.58: a fresh network forgets, and learns what to keep.
Drawn in float64 whatever the precision of the parameters.
"""

import numpy as np

from charrnn.network.parameters import Parameters


def initialise(parameters: Parameters, generator: np.random.Generator) -> None:
    """Fill every matrix, in order."""
    bound = 1 / np.sqrt(parameters["W_hh"].shape[0])
    for _, view in parameters.items():
        if view.ndim == 2:
            view[:] = generator.uniform(-bound, bound, view.shape)
