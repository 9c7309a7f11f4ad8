"""The Jacobian of one step of a layer, ∂s'/∂s, in closed form, from the buffers that a forward pass left.

s is the state of the layer: h, for the LSTM [h, c]. Rows are what changes, columns what it changes with:
the column convention, J = ∂s'/∂sᵀ, so that a gradient, a row, goes back one step as g ← g J.

    rnn   ∂h'/∂h = diag(φ') W_hhᵀ
    gru   ∂h'/∂h = diag((h - n) z (1-z)) W_zᵀ + diag((1-z)(1-n²)) [diag(m r (1-r)) W_rᵀ + diag(r) W_nᵀ] + diag(z)
    lstm  ∂c'/∂h = diag(g i (1-i)) W_iᵀ + diag(c f (1-f)) W_fᵀ + diag(i (1-g²)) W_gᵀ        ∂c'/∂c = diag(f)
          ∂h'/∂· = diag(o (1 - tanh² c')) ∂c'/∂· + [diag(tanh c' o (1-o)) W_oᵀ, 0]

P streams at once. By h the Jacobian is full, (S H, H); by c each block is diagonal, and is stored so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from charrnn.network.activations import NONLINEARITIES, Nonlinearity
from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array, Ids
from charrnn.network.cells import gru, lstm, rnn
from charrnn.network.cells.cell import CellWorkspace, Weights
from charrnn.network.network import Network
from charrnn.network.resets import ResetMask


@dataclass(frozen=True)
class Jacobian:
    """One step in P streams: by h, (P, S H, H), and for the LSTM by c, the diagonals of its two blocks, (2, P, H)."""

    by_h: Array
    by_c: Array | None = None

    def after(self, product: Array) -> Array:
        """`product` J, of (P, R, S H) by (P, S H, S H)."""
        through_h = product @ self.by_h
        if self.by_c is None:
            return np.asarray(through_h)
        H = through_h.shape[-1]
        h_row, c_row = self.by_c[:, :, np.newaxis]
        return np.concatenate([through_h, product[..., :H] * h_row + product[..., H:] * c_row], axis=-1)


Jacobians = Callable[[int], Jacobian]
"""The step t, counted from 0, -> its Jacobian."""


def read_layers(
    network: Network, inputs: Ids, state: Array, reset_mask: ResetMask
) -> Iterator[tuple[int, Weights, CellWorkspace, Jacobians]]:
    """Read a window, (T, P), from a state, (S, P, H). For each layer: its number, from 1, its weights, what it left,
    and its Jacobians, 0 where the state is reset.
    """
    ws = network.workspace(*inputs.shape)
    network.logits(inputs, state, ws, reset_mask)
    for number, (w, layer) in enumerate(zip(network.layers, ws.layers, strict=True), start=1):
        yield number, w, layer.cell, with_resets(layer_jacobians(network.architecture, w, layer.cell), reset_mask)


def layer_jacobians(architecture: Architecture, w: Weights, cell: CellWorkspace) -> Jacobians:
    """The Jacobians of the steps that a layer's workspace holds: of its own recurrence, with its input fixed."""
    if isinstance(cell, gru.Workspace):
        return partial(gru_jacobian, w, cell)
    if isinstance(cell, lstm.Workspace):
        return partial(lstm_jacobian, w, cell)
    assert isinstance(cell, rnn.Workspace)
    return partial(rnn_jacobian, NONLINEARITIES[architecture.nonlinearity], w, cell)


def with_resets(steps: Jacobians, reset_mask: ResetMask) -> Jacobians:
    """The same, but 0 where the state is reset, (T, P): the state before is not read."""

    def step(t: int) -> Jacobian:
        found, read = steps(t), ~reset_mask[t][:, np.newaxis]
        return Jacobian(found.by_h * read[..., np.newaxis], None if found.by_c is None else found.by_c * read)

    return step


def rnn_jacobian(φ: Nonlinearity, w: Weights, ws: rnn.Workspace, t: int) -> Jacobian:
    """diag(φ') W_hhᵀ"""
    slope = np.empty_like(ws.h[t + 1])
    φ.slope(ws.h[t + 1], slope)
    return Jacobian(_rows_times(slope, w["W_hh"].T))


def gru_jacobian(w: Weights, ws: gru.Workspace, t: int) -> Jacobian:
    """h' = (1 - z) n + z h"""
    (r, z, n), m, h = ws.gates[:, t], ws.m[t], ws.h[t]
    W_r, W_z, W_n = w["W_hh"].swapaxes(1, 2)
    by_n = (1 - z) * (1 - n**2)
    by_h = _rows_times(by_n * m * r * (1 - r), W_r) + _rows_times((h - n) * z * (1 - z), W_z)
    by_h += _rows_times(by_n * r, W_n)
    diagonal = np.arange(h.shape[-1])
    by_h[:, diagonal, diagonal] += z
    return Jacobian(by_h)


def lstm_jacobian(w: Weights, ws: lstm.Workspace, t: int) -> Jacobian:
    """c' = f c + i g;  h' = o tanh c'"""
    (i, f, o, g), c = ws.gates[:, t], ws.c[t]
    tanh_c = np.tanh(ws.c[t + 1])  # a backward pass may have overwritten the workspace's own
    W_i, W_f, W_o, W_g = w["W_hh"].swapaxes(1, 2)
    c_by_h = _rows_times(g * i * (1 - i), W_i) + _rows_times(c * f * (1 - f), W_f) + _rows_times(i * (1 - g**2), W_g)
    through = o * (1 - tanh_c**2)
    h_by_h = _rows_times(through, c_by_h) + _rows_times(tanh_c * o * (1 - o), W_o)
    return Jacobian(np.concatenate([h_by_h, c_by_h], axis=1), np.stack([through * f, f]))


def _rows_times(factors: Array, matrix: Array) -> Array:
    """diag(factors) matrix, for each stream: (P, H) and (H, H) or (P, H, H) -> (P, H, H)."""
    return np.asarray(factors[:, :, np.newaxis] * matrix)
