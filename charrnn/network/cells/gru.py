"""The GRU over T steps, B streams, H hidden units; gate blocks in the order r z n.

    x_a = x W_xh + b_xh     h_a = h W_hh + b_hh               x_a, h_a  (T, B, 3H)
    r = σ(x_a_r + h_a_r)    z = σ(x_a_z + h_a_z)
    m = h_a_n               n = tanh(x_a_n + r ∘ m)           m         (T, B, H)
    h' = (1 - z) ∘ n + z ∘ h                                  h         (T+1, B, H)

The reset is applied after the recurrent product, as in PyTorch and cuDNN; the candidate's recurrent bias therefore stands
inside the reset, and two biases are needed. Offset rule: h[t] is before step t, h[t+1] after it; h[0] is what came in.
x W_xh + b_xh stands in `gates` at first, and turns into r z n in place.

Source: Cho et al. 2014, in the form of Chung, Gulcehre, Cho and Bengio 2014 as cuDNN has it.
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
    gates: Array  # (T, B, 3H) x_a, then r z n
    m: Array  # (T, B, H) the candidate's share of h_a
    da: Array  # (T, B, 3H) ∂L/∂x_a
    dh_a: Array  # (T, B, 3H) ∂L/∂h_a
    recurrent: Array  # (B, 3H) h_a
    product: Array  # (B, H) room for one product

    @property
    def x_a(self) -> Array:
        """(T, B, 3H), where x W_xh + b_xh goes in."""
        return self.gates

    @property
    def states(self) -> tuple[Array, ...]:
        """The hidden state alone."""
        return (self.h,)


class GRU:
    """Gated recurrent unit."""

    gates = 3
    number_of_states = 1
    input_bias = "b_xh"

    def shapes(self, inputs: int, H: int) -> Shapes:
        """W_xh, b_xh, W_hh, b_hh, each with three blocks of columns: r z n."""
        return {"W_xh": (inputs, 3 * H), "b_xh": (3 * H,), "W_hh": (H, 3 * H), "b_hh": (3 * H,)}

    def workspace(self, T: int, B: int, H: int, dtype: DTypeLike) -> Workspace:
        """Allocate the buffers of one layer."""
        return Workspace(
            h=np.zeros((T + 1, B, H), dtype),
            gates=np.zeros((T, B, 3 * H), dtype),
            m=np.zeros((T, B, H), dtype),
            da=np.zeros((T, B, 3 * H), dtype),
            dh_a=np.zeros((T, B, 3 * H), dtype),
            recurrent=np.zeros((B, 3 * H), dtype),
            product=np.zeros((B, H), dtype),
        )

    def forward(self, w: Weights, ws: Workspace) -> None:
        """Fill h[1:], (T, B, H), from h[0] and x W_xh + b_xh, first step first."""
        h, gates, m, _, _, h_a, product = ws
        for t in range(len(gates)):
            np.matmul(h[t], w["W_hh"], out=h_a)
            np.add(h_a, w["b_hh"], out=h_a)  #              h_a = h W_hh + b_hh
            r_z, (r, z, n) = _r_z(gates[t]), _blocks(gates[t])
            np.add(r_z, _r_z(h_a), out=r_z)
            SIGMOID.apply(r_z, r_z)  #                               r, z = σ(x_a + h_a)
            m[t] = _blocks(h_a)[2]
            np.multiply(r, m[t], out=product)
            np.add(n, product, out=n)
            np.tanh(n, out=n)  #                            n = tanh(x_a_n + r ∘ m)
            np.subtract(h[t], n, out=product)
            np.multiply(z, product, out=product)
            np.add(n, product, out=h[t + 1])  #             h' = (1 - z) ∘ n + z ∘ h = n + z ∘ (h - n)

    def backward(self, w: Weights, dh: Array, ws: Workspace, dw: Weights) -> Array:
        """Fill da = ∂L/∂x_a, (T, B, 3H), dW_hh and db_hh, from dh = ∂L/∂h', (T, B, H), last step first; ∂L/∂h[0]."""
        h, gates, m, da, dh_a, _, product = ws
        W_hh, H = w["W_hh"], len(w["W_hh"])
        for t in reversed(range(len(da))):
            r, z, n = _blocks(gates[t])
            da_r, da_z, da_n = _blocks(da[t])
            SIGMOID.slope(_r_z(gates[t]), _r_z(da[t]))  #        r, z = σ(x_a + h_a)
            np.subtract(h[t], n, out=product)  #            h' = (1 - z) ∘ n + z ∘ h
            np.multiply(da_z, product, out=da_z)
            np.multiply(da_z, dh[t], out=da_z)
            np.subtract(1, z, out=product)
            np.multiply(product, dh[t], out=product)
            TANH.slope(n, da_n)  #                         n = tanh(x_a_n + r ∘ m)
            np.multiply(da_n, product, out=da_n)
            np.multiply(da_r, m[t], out=da_r)
            np.multiply(da_r, da_n, out=da_r)
            dh_a[t, :, : 2 * H] = _r_z(da[t])  #            h_a = h W_hh + b_hh
            np.multiply(da_n, r, out=_blocks(dh_a[t])[2])
            np.multiply(dh[t], z, out=dh[t])
            np.matmul(dh_a[t], W_hh.T, out=product)
            np.add(dh[t], product, out=dh[t])  #            now ∂L/∂h, of the state before this step
            if t > 0:
                np.add(dh[t - 1], dh[t], out=dh[t - 1])
        np.matmul(h[:-1].reshape(-1, H).T, dh_a.reshape(-1, 3 * H), out=dw["W_hh"])
        np.sum(dh_a, axis=(0, 1), out=dw["b_hh"])
        return dh[:1].copy()

    def step(self, w: Weights, x_a: Array, states: Array) -> Array:
        """One step without a window: h', (1, B, H), from x W_xh + b_xh, (B, 3H), and h, (1, B, H)."""
        (h,) = states
        h_a = h @ w["W_hh"] + w["b_hh"]  #                  h_a = h W_hh + b_hh
        r_z = _r_z(x_a) + _r_z(h_a)
        SIGMOID.apply(r_z, r_z)  #                          r, z = σ(x_a + h_a)
        H = h.shape[1]
        n = np.tanh(_blocks(x_a)[2] + r_z[:, :H] * _blocks(h_a)[2])  # n = tanh(x_a_n + r ∘ m)
        return np.asarray(n + r_z[:, H:] * (states - n))  # h' = (1 - z) ∘ n + z ∘ h


def _blocks(gates: Array) -> tuple[Array, Array, Array]:
    """r, z, n of (B, 3H): three views, (B, H)."""
    H = gates.shape[1] // 3
    return gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]


def _r_z(gates: Array) -> Array:
    """The blocks r and z together, (B, 2H), a view."""
    return gates[:, : 2 * (gates.shape[1] // 3)]
