"""What truncated BPTT leaves out: compares the gradient of the last step's loss through k steps with that through all
T.

    g_k   the gradient of the mean loss of step T over the streams, through the last k steps, from the state before them
    cosine (g_k, g_T) and ‖g_k‖ / ‖g_T‖

for all parameters together, and for the recurrent matrices alone: truncation omits nothing of the readout's. Both
gradients come from the network's own `backward`. In training, with a loss on every step of a window of T, step t has
k = t: a window holds every truncation from 1 to T.

Source: Williams and Peng 1990; Tallec and Ollivier 2017, "Unbiasing truncated backpropagation through time".
"""

from dataclasses import dataclass

import numpy as np

from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.network.resets import ResetMask
from charrnn.network.window_options import WindowOptions


@dataclass(frozen=True)
class Truncation:
    """The gradient through the last `window` steps against that through all."""

    window: int
    cosine: float
    norm_ratio: float
    recurrent_cosine: float
    recurrent_norm_ratio: float


def truncations(network: Network, ids: Ids, state: Array, reset_mask: ResetMask) -> list[Truncation]:
    """Truncations to 1, 2, 4, ... and all T steps, for characters (T + 1, P) read from a state (S, P, H); `reset_mask`,
    (T, P), as in training: see resets.py.
    """
    (T, P), inputs, targets = (len(ids) - 1, ids.shape[1]), ids[:-1], ids[1:]
    before = network.workspace(T, P)
    network.logits(inputs, state, before, reset_mask)
    full, found = _gradient(network, inputs, targets, state, reset_mask), []
    for window in (*(2**k for k in range((T - 1).bit_length())), T):
        last = slice(T - window, T)
        part = _gradient(network, inputs[last], targets[last], before.state_after(T - window), reset_mask[last])
        whole = _compare(part.flat, full.flat)
        found.append(Truncation(window, *whole, *_compare(_recurrent(part), _recurrent(full))))
    return found


def _gradient(network: Network, inputs: Ids, targets: Ids, state: Array, reset_mask: ResetMask) -> Parameters:
    ws, gradient = network.workspace(*inputs.shape), network.parameters.zeros_like()
    options = WindowOptions(loss_steps=1, reset_mask=reset_mask)
    network.forward(inputs, targets, state, ws, options)
    network.backward(inputs.shape[1], ws, gradient, options)
    for name in network.architecture.held_biases():
        gradient[name][:] = 0
    return gradient


def _recurrent(gradient: Parameters) -> Array:
    return np.concatenate([view.ravel() for name, view in gradient.items() if name.startswith("W_hh")])


def _compare(part: Array, full: Array) -> tuple[float, float]:
    """Cosine and ratio of norms; 0 and 0 where one of the two is zero and has no direction."""
    sizes = float(np.linalg.norm(part)), float(np.linalg.norm(full))
    if not all(sizes):
        return 0.0, 0.0
    return float(part @ full) / (sizes[0] * sizes[1]), sizes[0] / sizes[1]
