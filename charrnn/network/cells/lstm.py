"""The LSTM over T steps, B streams, H hidden units; gate blocks in the order i f o g.

    a  = x W_xh + h W_hh + b_h                              a, gates  (T, B, 4H)
    i, f, o = σ(a_i), σ(a_f), σ(a_o)    g = tanh(a_g)
    c' = f ∘ c + i ∘ g                                      c         (T+1, B, H)
    h' = o ∘ tanh(c')                                       h         (T+1, B, H)

Offset rule: index t of h and c is before step t, t + 1 after it; index 0 is what came in. x W_xh + b_h stands in `gates`
at first, and turns into the gates in place.

σ(a) = (1 + tanh(a / 2)) / 2, so one call of tanh serves all four gates.

Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.activations import SIGMOID, TANH
from charrnn.network.arrays import Array
from charrnn.network.cells.cell import Weights
from charrnn.network.parameters import Shapes


class Workspace(NamedTuple):
    """The buffers of one layer for windows of T steps and B streams."""

    h: Array  # (T+1, B, H) hidden states
    c: Array  # (T+1, B, H) cell states
    gates: Array  # (T, B, 4H) a, then i f o g
    tanh_c: Array  # (T, B, H) tanh(c')
    da: Array  # (T, B, 4H) ∂L/∂a
    recurrent: Array  # (B, 4H) h W_hh
    dc: Array  # (B, H) ∂L/∂c', carried back from step to step
    product: Array  # (B, H) room for one product

    @property
    def x_a(self) -> Array:
        """(T, B, 4H), where x W_xh + b_h goes in."""
        return self.gates

    @property
    def states(self) -> tuple[Array, ...]:
        """h, c"""
        return (self.h, self.c)


class LSTM:
    """Long short-term memory."""

    gates = 4
    number_of_states = 2
    input_bias = "b_h"

    def shapes(self, inputs: int, H: int) -> Shapes:
        """W_xh, W_hh, b_h, each with four blocks of columns: i f o g."""
        return {"W_xh": (inputs, 4 * H), "W_hh": (H, 4 * H), "b_h": (4 * H,)}

    def workspace(self, T: int, B: int, H: int, dtype: DTypeLike) -> Workspace:
        """Allocate the buffers of one layer."""
        return Workspace(
            h=np.zeros((T + 1, B, H), dtype),
            c=np.zeros((T + 1, B, H), dtype),
            gates=np.zeros((T, B, 4 * H), dtype),
            tanh_c=np.zeros((T, B, H), dtype),
            da=np.zeros((T, B, 4 * H), dtype),
            recurrent=np.zeros((B, 4 * H), dtype),
            dc=np.zeros((B, H), dtype),
            product=np.zeros((B, H), dtype),
        )

    def forward(self, w: Weights, ws: Workspace) -> None:
        """Fill h[1:] and c[1:], (T, B, H), from h[0], c[0] and x W_xh + b_h, first step first."""
        h, c, gates, tanh_c, _, recurrent, _, i_g = ws
        for t in range(len(gates)):
            a = gates[t]
            np.matmul(h[t], w["W_hh"], out=recurrent)
            np.add(a, recurrent, out=a)  #              a  = x W_xh + h W_hh + b_h
            i, f, o, g = _activate(a)  #                i, f, o = σ(a)   g = tanh(a_g)
            np.multiply(f, c[t], out=c[t + 1])
            np.multiply(i, g, out=i_g)
            np.add(c[t + 1], i_g, out=c[t + 1])  #      c' = f ∘ c + i ∘ g
            np.tanh(c[t + 1], out=tanh_c[t])
            np.multiply(o, tanh_c[t], out=h[t + 1])  #  h' = o ∘ tanh(c')

    def backward(self, w: Weights, dh: Array, ws: Workspace, dw: Weights) -> Array:
        """Fill da = ∂L/∂a, (T, B, 4H), and dW_hh, from dh = ∂L/∂h', (T, B, H), last step first; ∂L/∂(h[0], c[0])."""
        h, c, gates, tanh_c, da, _, dc, product = ws
        W_hh = w["W_hh"]
        dc.fill(0)
        for t in reversed(range(len(da))):
            i, f, o, g = _blocks(gates[t])
            da_i, da_f, da_o, da_g = _blocks(da[t])
            SIGMOID.slope(_i_f_o(gates[t]), _i_f_o(da[t]))  # i, f, o = σ(a)
            TANH.slope(g, da_g)  #                       g = tanh(a_g)
            TANH.slope(tanh_c[t], product)  #            h' = o ∘ tanh(c')
            np.multiply(product, o, out=product)
            np.multiply(product, dh[t], out=product)
            np.add(dc, product, out=dc)
            np.multiply(da_o, tanh_c[t], out=da_o)
            np.multiply(da_o, dh[t], out=da_o)
            np.multiply(da_i, g, out=da_i)  #             c' = f ∘ c + i ∘ g
            np.multiply(da_i, dc, out=da_i)
            np.multiply(da_f, c[t], out=da_f)
            np.multiply(da_f, dc, out=da_f)
            np.multiply(da_g, i, out=da_g)
            np.multiply(da_g, dc, out=da_g)
            np.multiply(dc, f, out=dc)
            if t > 0:
                np.matmul(da[t], W_hh.T, out=product)
                np.add(dh[t - 1], product, out=dh[t - 1])  #  a  = x W_xh + h W_hh + b_h
        H = len(W_hh)
        np.matmul(h[:-1].reshape(-1, H).T, da.reshape(-1, 4 * H), out=dw["W_hh"])
        return np.stack([da[0] @ W_hh.T, dc])

    def step(self, w: Weights, x_a: Array, states: Array) -> Array:
        """One step without a window: h' and c', (2, B, H), from x W_xh + b_h, (B, 4H), and h and c, (2, B, H)."""
        h, c = states
        i, f, o, g = _activate(x_a + h @ w["W_hh"])  #  a  = x W_xh + h W_hh + b_h
        c = f * c + i * g  #                            c' = f ∘ c + i ∘ g
        return np.stack([o * np.tanh(c), c])  #         h' = o ∘ tanh(c')


def _blocks(gates: Array) -> tuple[Array, Array, Array, Array]:
    """i, f, o, g of (B, 4H): four views, (B, H)."""
    H = gates.shape[1] // 4
    return gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H : 3 * H], gates[:, 3 * H :]


def _i_f_o(gates: Array) -> Array:
    """The blocks of σ together, (B, 3H), a view."""
    return gates[:, : 3 * (gates.shape[1] // 4)]


def _activate(a: Array) -> tuple[Array, Array, Array, Array]:
    """Turn the pre-activations, (B, 4H), into gates, in place; the four of them."""
    i_f_o = _i_f_o(a)
    np.multiply(i_f_o, 0.5, out=i_f_o)
    np.tanh(a, out=a)
    np.multiply(i_f_o, 0.5, out=i_f_o)
    np.add(i_f_o, 0.5, out=i_f_o)
    return _blocks(a)
