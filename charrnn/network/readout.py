"""The readout: logits, softmax, cross-entropy, and back. A deep one has a layer of rectified units beside a short cut.

    r = h                                  r  (N, H)    linear; one row for each of the N = T B characters
    r = h + relu(h W_hr + b_r)                          deep
    o = r W_hy + b_y                       o  (N, V)
    p = softmax(o)                         p  (N, V)
    L = - Σ log p[n, y_n] / count          y  (N,)      count = N: the mean, in nats per character

With label smoothing ε the target is q, (N, V), which gives every other character a little:

    q = (1 - ε) one-hot(y) + ε / V
    L = - Σ q log p / count

No step depends on the one before, so one product of N rows serves the whole window. Source: Huang 2019, Back
Propagation Through Time, (35)-(36), (43)-(44): do = (p - y) / count. Deep: Pascanu, Gulcehre, Cho and Bengio 2014,
section 3.3.2, DOT(S)-RNN. Smoothing: Szegedy et al. 2016, section 7.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.activations import RELU
from charrnn.network.arrays import Array, Ids
from charrnn.network.matmul import matmul_by_row_blocks
from charrnn.network.parameters import Parameters, Shapes

READOUTS = ("linear", "deep")


class Workspace(NamedTuple):
    """The buffers of the readout for N rows."""

    o: Array  # (N, V) logits; then p; then do = ∂L/∂o
    rows: Ids  # (N,) 0, 1, 2, ...
    a: Array | None = None  # (N, H), deep only: relu(h W_hr + b_r); then ∂L/∂ of what relu reads
    r: Array | None = None  # (N, H), deep only

    def last(self, n: int) -> "Workspace":
        """A view for n rows, where the loss is only on the last steps of a window."""
        if n == len(self.rows):
            return self
        own = (array[:n] for array in (self.a, self.r) if array is not None)
        return Workspace(self.o[:n], self.rows[:n], *own)


def workspace(N: int, H: int, V: int, kind: str, dtype: DTypeLike) -> Workspace:
    """Allocate the buffers of the readout."""
    own = [np.zeros((N, H), dtype) for _ in range(2)] if kind == "deep" else []
    return Workspace(np.zeros((N, V), dtype), np.arange(N), *own)


def shapes(H: int, V: int, kind: str) -> Shapes:
    """The parameters of the readout and their shapes."""
    own = {"W_hr": (H, H), "b_r": (H,)} if kind == "deep" else {}
    return {**own, "W_hy": (H, V), "b_y": (V,)}


def logits(h: Array, w: Parameters, ws: Workspace) -> None:
    """Fill o, (N, V), from h, (N, H)."""
    _, _, a, r = ws
    if a is not None and r is not None:
        matmul_by_row_blocks(h, w["W_hr"], a)
        np.add(a, w["b_r"], out=a)
        RELU.apply(a, a)
        np.add(h, a, out=r)  #                     r = h + relu(h W_hr + b_r)
    matmul_by_row_blocks(h if r is None else r, w["W_hy"], ws.o)
    np.add(ws.o, w["b_y"], out=ws.o)  #            o = r W_hy + b_y


def surprisals(y: Ids, ws: Workspace, smoothing: float = 0.0) -> Array:
    """-log p[n, y_n], or - Σ q log p, of each row, (N,), in nats, from the logits in o, which become p."""
    o, rows, *_ = ws
    np.subtract(o, o.max(axis=1, keepdims=True), out=o)  # changes no p, and exp cannot overflow
    q_o = o[rows, y]
    if smoothing:
        q_o = (1 - smoothing) * q_o + smoothing * o.mean(axis=1)  # q = (1 - ε) one-hot(y) + ε / V
    np.exp(o, out=o)
    total = o.sum(axis=1, keepdims=True)
    np.divide(o, total, out=o)  #                  p = softmax(o)
    return np.asarray(np.log(total[:, 0]) - q_o)  # L = - Σ q log p,  Σ q = 1


def backward(
    y: Ids, count: int, h: Array, w: Parameters, ws: Workspace, dw: Parameters, dh: Array, smoothing: float = 0.0
) -> None:
    """From p, for the loss divided by `count`: fill the gradients of the parameters and dh = ∂L/∂h, (N, H)."""
    o, rows, a, r = ws
    np.subtract(o, smoothing / o.shape[1], out=o)  # L = - Σ q log p / count,  p = softmax(o)
    o[rows, y] -= 1 - smoothing  #                 q = (1 - ε) one-hot(y) + ε / V
    np.divide(o, count, out=o)
    np.matmul((h if r is None else r).T, o, out=dw["W_hy"])  # o = r W_hy + b_y
    np.sum(o, axis=0, out=dw["b_y"])
    matmul_by_row_blocks(o, w["W_hy"].T, dh)  #            dr, and along the short cut dh
    if a is not None and r is not None:
        RELU.slope(a, a)  #                        r = h + relu(h W_hr + b_r)
        np.multiply(dh, a, out=a)
        np.matmul(h.T, a, out=dw["W_hr"])
        np.sum(a, axis=0, out=dw["b_r"])
        matmul_by_row_blocks(a, w["W_hr"].T, r)
        np.add(dh, r, out=dh)


def log_softmax(o: Array) -> Array:
    """log p over the last axis, in float64, for any logits that are finite or -inf (but not all -inf).

    >>> log_softmax(np.array([0.0, 0.0, -np.inf])).round(4).tolist()
    [-0.6931, -0.6931, -inf]
    """
    o = o.astype(np.float64)
    o = o - o.max(axis=-1, keepdims=True)
    return np.asarray(o - np.log(np.exp(o).sum(axis=-1, keepdims=True)))
