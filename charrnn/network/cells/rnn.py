"""The vanilla RNN over T steps, B streams, H hidden units.

    a  = x W_xh + h W_hh + b_h      a  (T, B, H)
    h' = φ(a)                       h  (T+1, B, H)      φ: tanh, sigmoid or relu

Offset rule: h[t] is the state before step t and h[t+1] the state after it; h[0] is what came in.
h[1:] first holds x W_xh + b_h; step t adds h[t] W_hh to h[t+1] and applies φ, in place.

Source: the four derivations; the errors in their print are shown in charrnn/derivations.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.activations import Nonlinearity
from charrnn.network.arrays import Array, reversed_cache_blocks
from charrnn.network.cells.cell import Weights
from charrnn.network.matmul import MatMul, blocked_matmul
from charrnn.network.parameters import Shapes
from charrnn.network.resets import NO_RESETS, Resets


class Workspace(NamedTuple):
    """The buffers of one layer for windows of T steps and B streams."""

    h: Array  # (T+1, B, H) hidden states
    da: Array  # (T, B, H) ∂L/∂a
    recurrent: Array  # (B, H) h W_hh going forward, da W_hhᵀ coming back

    @property
    def x_a(self) -> Array:
        """(T, B, H), where x W_xh + b_h goes in."""
        return self.h[1:]

    @property
    def states(self) -> tuple[Array, ...]:
        """The hidden state alone."""
        return (self.h,)

    @property
    def activations(self) -> dict[str, Array]:
        """h alone."""
        return {"h": self.h[1:]}

    def reverse_states(self) -> "Workspace":
        """The same buffers with the states in reverse order: for one step, its output becomes the next input."""
        return self._replace(h=self.h[::-1])


class RNN:
    """The vanilla cell with a nonlinearity φ."""

    gates = 1
    number_of_states = 1
    input_bias = "b_h"

    def __init__(self, φ: Nonlinearity) -> None:
        self.φ = φ

    def shapes(self, inputs: int, H: int) -> Shapes:
        """W_xh, W_hh, b_h."""
        return {"W_xh": (inputs, H), "W_hh": (H, H), "b_h": (H,)}

    def bias(self, w: Weights) -> Array:
        """What is added to x W_xh."""
        return w["b_h"]

    def workspace(self, T: int, B: int, H: int, dtype: DTypeLike) -> Workspace:
        """Allocate the buffers of one layer."""
        return Workspace(np.zeros((T + 1, B, H), dtype), np.zeros((T, B, H), dtype), np.zeros((B, H), dtype))

    def forward(self, w: Weights, ws: Workspace, times: MatMul | None = None) -> Callable[[int], None]:
        """Return the function that makes step t: it turns x W_xh + b_h, stored in h[t+1], (B, H), into the new state.
        Call it for t = 0, 1, ... in order.
        """
        h, _, recurrent = ws
        times_W_hh, φ = times or blocked_matmul(w["W_hh"], recurrent), self.φ
        views = [*pairwise(h)]

        def step(t: int) -> None:
            h, a = views[t]
            times_W_hh(h)
            np.add(a, recurrent, out=a)  #                      a  = x W_xh + h W_hh + b_h
            φ.apply(a, a)  #                                    h' = φ(a)

        return step

    def backward(self, w: Weights, dh: Array, ws: Workspace, dw: Weights, resets: Resets = NO_RESETS) -> Array:
        """Fill da = ∂L/∂a, (T, B, H), and dW_hh, from dh = ∂L/∂h', (T, B, H), last step first.

        Returns ∂L/∂h[0], (1, B, H).
        """
        h, da, recurrent = ws
        times_W_hhT = blocked_matmul(w["W_hh"].T, out=recurrent)
        for steps in reversed_cache_blocks(da, blocks=2):
            self.φ.slope(h[1:][steps], da[steps])  #            h' = φ(a)
            for t in reversed(range(len(da))[steps]):
                np.multiply(da[t], dh[t], out=da[t])
                times_W_hhT(da[t])  #                           a  = x W_xh + h W_hh + b_h
                resets.cut(t, recurrent)
                if t > 0:
                    np.add(dh[t - 1], recurrent, out=dh[t - 1])
        H = h.shape[-1]
        with resets.apply(ws.states):
            np.matmul(h[:-1].reshape(-1, H).T, da.reshape(-1, H), out=dw["W_hh"])
        return recurrent[np.newaxis].copy()
