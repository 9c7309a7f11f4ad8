"""The GRU over T steps, B streams, H hidden units; gates in the order r z n, each its own block [k] of the arrays.

    x_a[k] = x W_xh[k] + b_xh[k]     h_a[k] = h W_hh[k] + b_hh[k]        x_a, h_a  (3, T, B, H)      k = r, z, n
    r = σ(x_a[r] + h_a[r])           z = σ(x_a[z] + h_a[z])
    m = h_a[n]                       n = tanh(x_a[n] + r ∘ m)            m         (T, B, H)
    h' = (1 - z) ∘ n + z ∘ h                                             h         (T+1, B, H)

The reset is applied after the recurrent product, as in PyTorch and cuDNN; the candidate's recurrent bias is therefore
inside the reset, and two biases are needed. Those of r and z only ever come as a sum, so b_hh[r], b_hh[z] go in with
x_a. Offset rule: h[t] is before step t, h[t+1] after it; h[0] is what came in. `gates` first holds x_a; the step
overwrites it with r z n.

Source: Cho et al. 2014, in the form of Chung, Gulcehre, Cho and Bengio 2014 as in cuDNN.
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
    gates: Array  # (3, T, B, H) x_a, then r z n
    m: Array  # (T, B, H) the candidate's share of h_a
    dm_da: Array  # (4, T, B, H) ∂L/∂m, then ∂L/∂x_a: its first three blocks are ∂L/∂h_a in the order n r z
    recurrent: Array  # (3, B, H) h W_hh going forward, dh_a W_hhᵀ coming back
    product: Array  # (B, H) buffer for one product

    @property
    def x_a(self) -> Array:
        """(3, T, B, H), where x W_xh + b goes in."""
        return self.gates

    @property
    def da(self) -> Array:
        """∂L/∂x_a, (3, T, B, H)."""
        return self.dm_da[1:]

    @property
    def states(self) -> tuple[Array, ...]:
        """The hidden state alone."""
        return (self.h,)

    @property
    def activations(self) -> dict[str, Array]:
        """h r z n."""
        return {"h": self.h[1:], **dict(zip("rzn", self.gates, strict=True))}

    def reverse_states(self) -> "Workspace":
        """The same buffers with the states in reverse order: for one step, its output becomes the next input."""
        return self._replace(h=self.h[::-1])


class GRU:
    """Gated recurrent unit."""

    gates = 3
    number_of_states = 1
    input_bias = "b_xh"

    def shapes(self, inputs: int, H: int) -> Shapes:
        """W_xh, b_xh, W_hh, b_hh, each with three blocks: r z n."""
        return {"W_xh": (3, inputs, H), "b_xh": (3, H), "W_hh": (3, H, H), "b_hh": (3, H)}

    def bias(self, w: Weights) -> Array:
        """What is added to x W_xh, (3, H): b_xh, and the parts of b_hh for r and z."""
        b = w["b_xh"].copy()
        b[:2] += w["b_hh"][:2]
        return b

    def workspace(self, T: int, B: int, H: int, dtype: DTypeLike) -> Workspace:
        """Allocate the buffers of one layer."""
        return Workspace(
            h=np.zeros((T + 1, B, H), dtype),
            gates=np.zeros((3, T, B, H), dtype),
            m=np.zeros((T, B, H), dtype),
            dm_da=np.zeros((4, T, B, H), dtype),
            recurrent=np.zeros((3, B, H), dtype),
            product=np.zeros((B, H), dtype),
        )

    def forward(self, w: Weights, ws: Workspace, times: MatMul | None = None) -> Callable[[int], None]:
        """Return the function that makes step t: it turns h[t], (B, H), and x_a, stored in `gates`, into the new state
        h[t+1]. Call it for t = 0, 1, ... in order.
        """
        h, gates, m, _, recurrent, product = ws
        times_W_hh, b_n = times or blocked_matmul(w["W_hh"], recurrent), w["b_hh"][2:]  # (1, H)
        h_W_hh_r_z, h_W_hh_n = recurrent[:2], recurrent[2]
        views = [*zip(h, h[1:], gates[:2].swapaxes(0, 1), *gates, m, strict=False)]

        def step(t: int) -> None:
            h, h_after, r_z, r, z, n, m = views[t]
            times_W_hh(h)
            np.add(r_z, h_W_hh_r_z, out=r_z)
            SIGMOID.apply(r_z, r_z)  #                      r, z = σ(x_a + h_a)
            np.add(h_W_hh_n, b_n, out=m)  #                 m = h W_hh[n] + b_hh[n]
            np.multiply(r, m, out=product)
            np.add(n, product, out=n)
            np.tanh(n, out=n)  #                            n = tanh(x_a_n + r ∘ m)
            np.subtract(h, n, out=product)
            np.multiply(z, product, out=product)
            np.add(n, product, out=h_after)  #              h' = (1 - z) ∘ n + z ∘ h = n + z ∘ (h - n)

        return step

    def backward(self, w: Weights, dh: Array, ws: Workspace, dw: Weights, resets: Resets = NO_RESETS) -> Array:
        """Fill da = ∂L/∂x_a, (3, T, B, H), dW_hh and db_hh, from dh = ∂L/∂h', (T, B, H), last step first.

        Returns ∂L/∂h[0], (1, B, H).
        """
        h, gates, m, dm_da, recurrent, product = ws
        times_W_hhT = summed_matmul(np.roll(w["W_hh"], 1, axis=0).swapaxes(1, 2), product, recurrent)
        with resets.apply(ws.states):
            for steps in reversed_cache_blocks(m, blocks=9):
                _local_derivatives(ws, steps)
                for t in reversed(range(len(m))[steps]):
                    (r, z, _), (dm, da_r, _, da_n) = gates[:, t], dm_da[:, t]
                    da_z_n, dh_a = dm_da[2:, t], dm_da[:3, t]
                    np.multiply(da_z_n, dh[t], out=da_z_n)  #       h' = (1 - z) ∘ n + z ∘ h
                    np.multiply(da_r, da_n, out=da_r)  #            n = tanh(x_a_n + r ∘ m)
                    np.multiply(r, da_n, out=dm)
                    np.multiply(dh[t], z, out=dh[t])  #             h' = (1 - z) ∘ n + z ∘ h
                    times_W_hhT(dh_a)  #                            h_a = h W_hh + b_hh
                    np.add(product, dh[t], out=product)
                    resets.cut(t, product)
                    if t > 0:
                        np.add(dh[t - 1], product, out=dh[t - 1])
            TB, H = m.shape[0] * m.shape[1], m.shape[2]
            hT, dh_a = h[:-1].reshape(TB, H).T, dm_da[:3].reshape(3, TB, H)
            for k, block in ((2, 0), (0, 1), (1, 2)):
                np.matmul(hT, dh_a[block], out=dw["W_hh"][k])
                np.add.reduce(dh_a[block], axis=0, out=dw["b_hh"][k])
        return product[np.newaxis].copy()


def _local_derivatives(ws: Workspace, steps: slice) -> None:
    """Fill da with what does not depend on the next step, for several steps: ∂h'/∂a[z], ∂h'/∂a[n], ∂a[n]/∂a[r]."""
    h, gates, m, dm_da, _, _ = ws
    (_, z, n), (_, da_r, da_z, da_n) = gates[:, steps], dm_da[:, steps]
    buffer = dm_da[0, steps]
    SIGMOID.slope(gates[:2, steps], dm_da[1:3, steps])  # r, z = σ(x_a + h_a)
    np.multiply(da_r, m[steps], out=da_r)  #              n = tanh(x_a_n + r ∘ m)
    TANH.slope(n, da_n)
    np.subtract(1, z, out=buffer)  #                      h' = (1 - z) ∘ n + z ∘ h
    np.multiply(da_n, buffer, out=da_n)
    np.subtract(h[:-1][steps], n, out=buffer)
    np.multiply(da_z, buffer, out=da_z)
