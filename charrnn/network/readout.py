"""The readout: logits, softmax, cross-entropy, and back.

    o = h W_hy + b_y                       o  (N, V)    one row for each of the N = T B characters
    p = softmax(o)                         p  (N, V)
    L = - Σ log p[n, y_n] / count          y  (N,)      count = N: the mean, in nats per character

No step depends on the one before, so the whole window is one product over N rows.
Source: D2 (35)-(36), (43)-(44): do = (p - y) / count.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.arrays import Array, Ids
from charrnn.network.parameters import Shapes
from charrnn.network.products import tall_product


class Workspace(NamedTuple):
    """The buffers of the readout for N rows."""

    o: Array  # (N, V) logits; then p; then do = ∂L/∂o
    rows: Ids  # (N,) 0, 1, 2, ...

    def last(self, n: int) -> "Workspace":
        """A view for n rows only, where the loss is on the last steps of a window alone."""
        return self if n == len(self.rows) else Workspace(self.o[:n], self.rows[:n])


def workspace(N: int, V: int, dtype: DTypeLike) -> Workspace:
    """Allocate the buffers of the readout."""
    return Workspace(np.zeros((N, V), dtype), np.arange(N))


def shapes(H: int, V: int) -> Shapes:
    """The parameters of the readout and their shapes."""
    return {"W_hy": (H, V), "b_y": (V,)}


def logits(h: Array, W_hy: Array, b_y: Array, ws: Workspace) -> None:
    """Fill o, (N, V), from h, (N, H)."""
    tall_product(h, W_hy, ws.o)
    np.add(ws.o, b_y, out=ws.o)  #                 o = h W_hy + b_y


def surprisals(y: Ids, ws: Workspace) -> Array:
    """-log p[n, y_n] of each row, (N,), in nats, from the logits in o, which become p. Their sum is the loss."""
    o, rows = ws
    np.subtract(o, o.max(axis=1, keepdims=True), out=o)  # changes no p, and exp cannot overflow
    log_p_y = o[rows, y]
    np.exp(o, out=o)
    total = o.sum(axis=1, keepdims=True)
    np.divide(o, total, out=o)  #                  p = softmax(o)
    return np.asarray(np.log(total[:, 0]) - log_p_y)  # L = - Σ log p[n, y_n]


def backward(y: Ids, count: int, ws: Workspace) -> None:
    """Fill o with do = ∂L/∂o, (N, V), from p, for the loss divided by `count`."""
    o, rows = ws
    o[rows, y] -= 1  #                             L = - Σ log p[n, y_n] / count,  p = softmax(o)
    np.divide(o, count, out=o)


def log_softmax(o: Array) -> Array:
    """log p over the last axis, in float64, for any logits that are finite or -inf (but not all -inf)."""
    o = o.astype(np.float64)
    o = o - o.max(axis=-1, keepdims=True)
    return np.asarray(o - np.log(np.exp(o).sum(axis=-1, keepdims=True)))
