"""The LSTM over T steps, B streams, H hidden units; gates in the order i f o g, each its own block [k] of the arrays.

    a[k] = x W_xh[k] + h W_hh[k] + b_h[k]                   a, gates  (4, T, B, H)      k = i, f, o, g
    i, f, o = σ(a[i]), σ(a[f]), σ(a[o])    g = tanh(a[g])
    c' = f ∘ c + i ∘ g                                      c         (T+1, B, H)
    h' = o ∘ tanh(c')                                       h         (T+1, B, H)

Offset rule: index t of h and c is before step t, t + 1 after it; index 0 is what came in. `gates` first holds x W_xh +
b_h; the step overwrites it with i f o g. (Gate by gate, four products of (B, H) by (H, H) are faster than one by
(H, 4H), whose rows lie a power of two apart; and what is done element by element runs over whole blocks.)

Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.activations import SIGMOID, TANH
from charrnn.network.arrays import Array, reversed_cache_blocks
from charrnn.network.cells.cell import Weights
from charrnn.network.matmul import MatMul, blocked_matmul, summed_matmul
from charrnn.network.parameters import Shapes
from charrnn.network.resets import NO_RESETS, Resets


class Workspace(NamedTuple):
    """The buffers of one layer for windows of T steps and B streams."""

    h: Array  # (T+1, B, H) hidden states
    c: Array  # (T+1, B, H) cell states
    gates: Array  # (4, T, B, H) a, then i f o g
    tanh_c: Array  # (T, B, H) tanh(c')
    da: Array  # (4, T, B, H) ∂L/∂a
    recurrent: Array  # (4, B, H) h W_hh going forward, da W_hhᵀ coming back
    dc: Array  # (B, H) ∂L/∂c', carried back from step to step
    product: Array  # (B, H) buffer for one product

    @property
    def x_a(self) -> Array:
        """(4, T, B, H), where x W_xh + b_h goes in."""
        return self.gates

    @property
    def states(self) -> tuple[Array, ...]:
        """h, c"""
        return (self.h, self.c)

    @property
    def activations(self) -> dict[str, Array]:
        """h c i f o g."""
        return {"h": self.h[1:], "c": self.c[1:], **dict(zip("ifog", self.gates, strict=True))}

    def reverse_states(self) -> "Workspace":
        """The same buffers with the states in reverse order: for one step, its output becomes the next input."""
        return self._replace(h=self.h[::-1], c=self.c[::-1])


class LSTM:
    """Long short-term memory."""

    gates = 4
    number_of_states = 2
    input_bias = "b_h"

    def shapes(self, inputs: int, H: int) -> Shapes:
        """W_xh, W_hh, b_h, each with four blocks: i f o g."""
        return {"W_xh": (4, inputs, H), "W_hh": (4, H, H), "b_h": (4, H)}

    def bias(self, w: Weights) -> Array:
        """What is added to x W_xh."""
        return w["b_h"]

    def workspace(self, T: int, B: int, H: int, dtype: DTypeLike) -> Workspace:
        """Allocate the buffers of one layer."""
        return Workspace(
            h=np.zeros((T + 1, B, H), dtype),
            c=np.zeros((T + 1, B, H), dtype),
            gates=np.zeros((4, T, B, H), dtype),
            tanh_c=np.zeros((T, B, H), dtype),
            da=np.zeros((4, T, B, H), dtype),
            recurrent=np.zeros((4, B, H), dtype),
            dc=np.zeros((B, H), dtype),
            product=np.zeros((B, H), dtype),
        )

    def forward(self, w: Weights, ws: Workspace, times: MatMul | None = None) -> Callable[[int], None]:
        """Return the function that makes step t: it turns h[t], c[t], (B, H), and x W_xh + b_h, stored in `gates`, into
        the new states h[t+1], c[t+1]. Call it for t = 0, 1, ... in order.
        """
        h, c, gates, tanh_c, _, recurrent, _, i_g = ws
        times_W_hh = times or blocked_matmul(w["W_hh"], recurrent)
        by_step = gates.swapaxes(0, 1)
        views = [*zip(h, h[1:], c, c[1:], by_step, by_step[:, :3], *gates, tanh_c, strict=False)]

        def step(t: int) -> None:
            h, h_after, c, c_after, a, a_i_f_o, i, f, o, g, tanh_c = views[t]
            times_W_hh(h)
            np.add(a, recurrent, out=a)  #              a  = x W_xh + h W_hh + b_h
            SIGMOID.apply(a_i_f_o, a_i_f_o)  #          i, f, o = σ(a)
            np.tanh(g, out=g)  #                        g = tanh(a_g)
            np.multiply(f, c, out=c_after)
            np.multiply(i, g, out=i_g)
            np.add(c_after, i_g, out=c_after)  #        c' = f ∘ c + i ∘ g
            np.tanh(c_after, out=tanh_c)
            np.multiply(o, tanh_c, out=h_after)  #      h' = o ∘ tanh(c')

        return step

    def backward(self, w: Weights, dh: Array, ws: Workspace, dw: Weights, resets: Resets = NO_RESETS) -> Array:
        """Fill da = ∂L/∂a, (4, T, B, H), and dW_hh, from dh = ∂L/∂h', (T, B, H), last step first.

        Returns ∂L/∂h[0] and ∂L/∂c[0], (2, B, H).
        """
        h, _, gates, tanh_c, da, recurrent, dc, product = ws
        times_W_hhT = summed_matmul(w["W_hh"].swapaxes(1, 2), product, recurrent)
        views = [*zip(dh, da.swapaxes(0, 1), da[:2].swapaxes(0, 1), da[2], da[3], gates[1], tanh_c, strict=True)]
        dc.fill(0)
        with resets.apply(ws.states):
            for steps in reversed_cache_blocks(tanh_c, blocks=12):
                _local_derivatives(ws, steps)
                for t in reversed(range(len(tanh_c))[steps]):
                    dh_t, da_t, da_i_f, da_o, da_g, f, dh_dc = views[t]
                    np.multiply(dh_dc, dh_t, out=product)  #   h' = o ∘ tanh(c')
                    np.add(dc, product, out=dc)
                    np.multiply(da_o, dh_t, out=da_o)
                    np.multiply(da_i_f, dc, out=da_i_f)  #     c' = f ∘ c + i ∘ g
                    np.multiply(da_g, dc, out=da_g)
                    np.multiply(dc, f, out=dc)
                    times_W_hhT(da_t)  #                       a  = x W_xh + h W_hh + b_h
                    resets.cut(t, product, dc)
                    if t > 0:
                        np.add(dh[t - 1], product, out=dh[t - 1])
            TB, H = tanh_c.shape[0] * tanh_c.shape[1], tanh_c.shape[2]
            np.matmul(h[:-1].reshape(TB, H).T, da.reshape(4, TB, H), out=dw["W_hh"])
        return np.stack([product, dc])


def _local_derivatives(ws: Workspace, steps: slice) -> None:
    """Compute what does not depend on the next step, for several steps at once: ∂h'/∂a[o] and ∂c'/∂a[i, f, g] into da,
    and ∂h'/∂c' into the buffer of tanh(c').
    """
    _, c, gates, tanh_c, da, _, _, _ = ws
    (i, _, o, g), (da_i, da_f, da_o, da_g) = gates[:, steps], da[:, steps]
    SIGMOID.slope(gates[:3, steps], da[:3, steps])  # i, f, o = σ(a)
    np.multiply(da_i, g, out=da_i)  #                 c' = f ∘ c + i ∘ g
    np.multiply(da_f, c[:-1][steps], out=da_f)
    np.multiply(da_o, tanh_c[steps], out=da_o)  #     h' = o ∘ tanh(c')
    TANH.slope(g, da_g)  #                            g = tanh(a_g)
    np.multiply(da_g, i, out=da_g)
    dh_dc = tanh_c[steps]
    TANH.slope(dh_dc, dh_dc)
    np.multiply(dh_dc, o, out=dh_dc)
