"""The vanilla RNN over T steps, B streams, H hidden units.

    a  = x W_xh + h W_hh + b_h      a  (T, B, H)
    h' = φ(a)                       h  (T+1, B, H)      φ: tanh, sigmoid or relu

Offset rule: h[t] is the state before step t and h[t+1] the state after it; h[0] is what came in.
x W_xh + b_h does not depend on the step before, so the layer computes it for all T at once and leaves it
in h[1:], where each step finds its share, adds h W_hh and applies φ, in place.

Source: the four derivations; the errors in their print are listed in tests/test_derivations.py.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.activations import Nonlinearity
from charrnn.network.arrays import Array
from charrnn.network.parameters import Shapes

GATES = 1  # blocks of H columns in W_xh, W_hh and b_h
STATES = 1  # arrays handed from window to window: h


class Workspace(NamedTuple):
    """The buffers of one layer for windows of T steps and B streams."""

    h: Array  # (T+1, B, H) hidden states
    da: Array  # (T, B, H) ∂L/∂a
    recurrent: Array  # (B, H) h W_hh going forward, da W_hhᵀ coming back


def workspace(T: int, B: int, H: int, dtype: DTypeLike) -> Workspace:
    """Allocate the buffers of one layer."""
    return Workspace(np.zeros((T + 1, B, H), dtype), np.zeros((T, B, H), dtype), np.zeros((B, H), dtype))


def shapes(inputs: int, H: int) -> Shapes:
    """The parameters of one layer and their shapes; `inputs` is V for the first layer, H for those above."""
    return {"W_xh": (inputs, H), "W_hh": (H, H), "b_h": (H,)}


def forward(W_hh: Array, φ: Nonlinearity, ws: Workspace) -> None:
    """Fill h[1:], (T, B, H), in which stands x W_xh + b_h, from h[0], (B, H), first step first."""
    h, _, recurrent = ws
    for t in range(len(h) - 1):
        a = h[t + 1]
        np.matmul(h[t], W_hh, out=recurrent)
        np.add(a, recurrent, out=a)  #                    a  = x W_xh + h W_hh + b_h
        φ.apply(a, h[t + 1])  #                           h' = φ(a)


def backward(dh: Array, W_hh: Array, φ: Nonlinearity, ws: Workspace) -> None:
    """Fill da = ∂L/∂a, (T, B, H), from dh = ∂L/∂h', (T, B, H), last step first; dh gains what comes back in time."""
    h, da, recurrent = ws
    for t in reversed(range(len(da))):
        φ.slope(h[t + 1], da[t])
        np.multiply(da[t], dh[t], out=da[t])  #           h' = φ(a)
        if t > 0:
            np.matmul(da[t], W_hh.T, out=recurrent)
            np.add(dh[t - 1], recurrent, out=dh[t - 1])  # a  = x W_xh + h W_hh + b_h


def step(a: Array, W_hh: Array, φ: Nonlinearity, h: Array) -> Array:
    """One step without a window: h', (B, H), from a = x W_xh + b_h and h, both (B, H)."""
    a = a + h @ W_hh  #                                   a  = x W_xh + h W_hh + b_h
    φ.apply(a, a)  #                                      h' = φ(a)
    return a
