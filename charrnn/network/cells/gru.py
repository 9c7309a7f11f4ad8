"""The GRU over T steps, B streams, H hidden units; gates in the order r z n, each its own block [k] of the arrays.

    x_a[k] = x W_xh[k] + b_xh[k]     h_a[k] = h W_hh[k] + b_hh[k]        x_a, h_a  (3, T, B, H)      k = r, z, n
    r = σ(x_a[r] + h_a[r])           z = σ(x_a[z] + h_a[z])
    m = h_a[n]                       n = tanh(x_a[n] + r ∘ m)            m         (T, B, H)
    h' = (1 - z) ∘ n + z ∘ h                                             h         (T+1, B, H)

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
    gates: Array  # (3, T, B, H) x_a, then r z n
    m: Array  # (T, B, H) the candidate's share of h_a
    da: Array  # (3, T, B, H) ∂L/∂x_a
    dh_a: Array  # (3, T, B, H) ∂L/∂h_a
    recurrent: Array  # (3, B, H) h_a going forward, dh_a W_hhᵀ coming back
    product: Array  # (B, H) room for one product

    @property
    def x_a(self) -> Array:
        """(3, T, B, H), where x W_xh + b_xh goes in."""
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
        """W_xh, b_xh, W_hh, b_hh, each with three blocks: r z n."""
        return {"W_xh": (3, inputs, H), "b_xh": (3, H), "W_hh": (3, H, H), "b_hh": (3, H)}

    def workspace(self, T: int, B: int, H: int, dtype: DTypeLike) -> Workspace:
        """Allocate the buffers of one layer."""
        return Workspace(
            h=np.zeros((T + 1, B, H), dtype),
            gates=np.zeros((3, T, B, H), dtype),
            m=np.zeros((T, B, H), dtype),
            da=np.zeros((3, T, B, H), dtype),
            dh_a=np.zeros((3, T, B, H), dtype),
            recurrent=np.zeros((3, B, H), dtype),
            product=np.zeros((B, H), dtype),
        )

    def forward(self, w: Weights, ws: Workspace) -> None:
        """Fill h[1:], (T, B, H), from h[0] and x W_xh + b_xh, first step first."""
        h, gates, m, _, _, h_a, product = ws
        b_hh = w["b_hh"][:, np.newaxis]
        for t in range(len(m)):
            r_z, (r, z, n) = gates[:2, t], gates[:, t]
            np.matmul(h[t], w["W_hh"], out=h_a)
            np.add(h_a, b_hh, out=h_a)  #                   h_a = h W_hh + b_hh
            np.add(r_z, h_a[:2], out=r_z)
            SIGMOID.apply(r_z, r_z)  #                      r, z = σ(x_a + h_a)
            m[t] = h_a[2]
            np.multiply(r, m[t], out=product)
            np.add(n, product, out=n)
            np.tanh(n, out=n)  #                            n = tanh(x_a_n + r ∘ m)
            np.subtract(h[t], n, out=product)
            np.multiply(z, product, out=product)
            np.add(n, product, out=h[t + 1])  #             h' = (1 - z) ∘ n + z ∘ h = n + z ∘ (h - n)

    def backward(self, w: Weights, dh: Array, ws: Workspace, dw: Weights) -> Array:
        """Fill da = ∂L/∂x_a, (3, T, B, H), dW_hh and db_hh, from dh = ∂L/∂h', (T, B, H), last step first; ∂L/∂h[0]."""
        h, gates, m, da, dh_a, recurrent, product = ws
        W_hhT = np.ascontiguousarray(w["W_hh"].swapaxes(1, 2))  # the BLAS is slower on a transposed view
        for t in reversed(range(len(m))):
            (r, z, n), (da_r, da_z, da_n) = gates[:, t], da[:, t]
            SIGMOID.slope(gates[:2, t], da[:2, t])  #       r, z = σ(x_a + h_a)
            np.subtract(h[t], n, out=product)  #            h' = (1 - z) ∘ n + z ∘ h
            np.multiply(da_z, product, out=da_z)
            np.multiply(da_z, dh[t], out=da_z)
            np.subtract(1, z, out=product)
            np.multiply(product, dh[t], out=product)
            TANH.slope(n, da_n)  #                          n = tanh(x_a_n + r ∘ m)
            np.multiply(da_n, product, out=da_n)
            np.multiply(da_r, m[t], out=da_r)
            np.multiply(da_r, da_n, out=da_r)
            dh_a[:2, t] = da[:2, t]  #                      h_a = h W_hh + b_hh
            np.multiply(da_n, r, out=dh_a[2, t])
            np.multiply(dh[t], z, out=dh[t])
            np.matmul(dh_a[:, t], W_hhT, out=recurrent)
            for back in recurrent:
                np.add(dh[t], back, out=dh[t])  #           now ∂L/∂h, of the state before this step
            if t > 0:
                np.add(dh[t - 1], dh[t], out=dh[t - 1])
        TB, H = m.shape[0] * m.shape[1], m.shape[2]
        np.matmul(h[:-1].reshape(TB, H).T, dh_a.reshape(3, TB, H), out=dw["W_hh"])
        np.sum(dh_a, axis=(1, 2), out=dw["b_hh"])
        return dh[:1].copy()

    def step(self, w: Weights, x_a: Array, states: Array) -> Array:
        """One step without a window: h', (1, B, H), from x W_xh + b_xh, (3, B, H), and h, (1, B, H)."""
        h_a = states @ w["W_hh"] + w["b_hh"][:, np.newaxis]  # h_a = h W_hh + b_hh
        r_z = x_a[:2] + h_a[:2]
        SIGMOID.apply(r_z, r_z)  #                          r, z = σ(x_a + h_a)
        n = np.tanh(x_a[2] + r_z[0] * h_a[2])  #            n = tanh(x_a_n + r ∘ m)
        return np.asarray(n + r_z[1] * (states - n))  #     h' = (1 - z) ∘ n + z ∘ h
