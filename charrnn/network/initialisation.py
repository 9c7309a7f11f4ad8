"""Random weights to start from. Biases are zero, except that of the LSTM's forget gate, which starts at 1:
remember. Where all biases stay 0, it is 0 too.

    uniform      everything within ±1/√H, as in PyTorch: W_hh has a spectral radius of about 0.58, and forgets at first
    orthogonal   W_hh orthogonal, gate by gate: nothing vanishes or explodes at first   (Saxe, McClelland and Ganguli
    2014) identity     W_hh the identity: with relu, every unit an integrator                  (Le, Jaitly and Hinton
    2015)

The input and readout matrices are uniform in all three. Drawn in float64, whatever the precision of the parameters.
"""

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array
from charrnn.network.parameters import Parameters
from charrnn.system.blas_threads import one_blas_thread

FORGET_BIAS = 1.0  # Gers, Schmidhuber and Cummins 2000; Jozefowicz, Zaremba and Sutskever 2015


@one_blas_thread()
def initialise(parameters: Parameters, architecture: Architecture, generator: np.random.Generator) -> None:
    """Fill every parameter, in order."""
    H = architecture.hidden_size
    bound = 1 / np.sqrt(H)
    for name, view in parameters.items():
        if name.startswith("W_hh") and architecture.initialisation != "uniform":
            for block in view.reshape(-1, H, H):
                block[:] = np.eye(H) if architecture.initialisation == "identity" else orthogonal(H, generator)
        elif name.startswith("W"):
            view[:] = generator.uniform(-bound, bound, view.shape)
        elif name.startswith("b_h") and architecture.cell == "lstm" and architecture.bias:
            view[1] = FORGET_BIAS


def orthogonal(size: int, generator: np.random.Generator) -> Array:
    """A random orthogonal matrix, (size, size), uniform over all of them.

    >>> W = orthogonal(3, np.random.default_rng(0))
    >>> np.allclose(W @ W.T, np.eye(3))
    True
    """
    q, r = np.linalg.qr(generator.standard_normal((size, size)))
    return np.asarray(q * np.sign(np.diag(r)))
