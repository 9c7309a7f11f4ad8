"""One step of each cell, from the page: its values, its Jacobians, and its tangents.

Nothing here is shared with the fast cells: other code, other form, one stream, one step. Two oracles (closed form,
forward recursion) and the gradient flow are built on it.

A cell's step is s' = F(u, s): s is its state, (S H,), h first; u, (U,), are its pre-activations,

    rnn, lstm   u = x W_xh + h W_hh + b_h                            U = G H
    gru         u = [x W_xh + b_xh, h W_hh + b_hh]                   U = 2 · 3 H

`linearise` gives ∂s'/∂u, (S H, U), and ∂s'/∂s at fixed u, (S H, S H); rows are what changes, columns what it changes
with. `tangent` gives ṡ', (..., S H), for given u̇ and ṡ: the same derivatives, used as a map and never as a matrix.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from charrnn.network.arrays import Array


@dataclass(frozen=True)
class Nonlinearity:
    """φ and its derivative by a."""

    value: Callable[[Array], Array]
    derivative: Callable[[Array], Array]


def σ(a: Array) -> Array:
    """The logistic function."""
    with np.errstate(over="ignore"):  # 1 / inf is the 0 that is meant
        return np.asarray(1 / (1 + np.exp(-a)))


def sech2(a: Array) -> Array:
    """1 / cosh² a, the derivative of tanh, without overflow and without the cancellation of 1 - tanh² a."""
    shrunk = np.exp(-2 * np.abs(a))
    return np.asarray(4 * shrunk / (1 + shrunk) ** 2)


PHI = {
    "tanh": Nonlinearity(np.tanh, sech2),
    "sigmoid": Nonlinearity(σ, lambda a: σ(a) * σ(-a)),
    "relu": Nonlinearity(lambda a: np.where(a > 0, a, 0), lambda a: np.where(a > 0, 1.0, 0.0)),
}


class RNN:
    """s = h;  h' = φ(u)."""

    separate = False  # one pre-activation takes in both products
    biases = ("b_h",)

    def __init__(self, nonlinearity: str) -> None:
        self._φ = PHI[nonlinearity]

    def value(self, u: Array, _: Array) -> Array:
        """h'"""
        return self._φ.value(u)

    def linearise(self, u: Array, s: Array) -> tuple[Array, Array]:
        """∂h'/∂u = diag φ'(u); nothing else of h reaches h'."""
        return np.diag(self._φ.derivative(u)), np.zeros((len(s), len(s)))

    def tangent(self, u: Array, _: Array, du: Array, __: Array) -> Array:
        """ḣ' = φ'(u) ∘ u̇"""
        return self._φ.derivative(u) * du


class LSTM:
    """s = [h, c];  u = [i f o g] before their nonlinearities;  c' = f c + i g;  h' = o tanh c'."""

    separate = False
    biases = ("b_h",)

    def value(self, u: Array, s: Array) -> Array:
        """[h', c']"""
        i, f, o, g, c = self._parts(u, s)
        c_next = f * c + i * g
        return np.concatenate([o * np.tanh(c_next), c_next], axis=-1)

    def linearise(self, u: Array, s: Array) -> tuple[Array, Array]:
        """Block by block: rows h' and c', columns i f o g, and columns h and c."""
        i, f, o, g, c = self._parts(u, s)
        c_next, zero = f * c + i * g, np.zeros((len(c), len(c)))
        through = np.diag(o * sech2(c_next))  # ∂h'/∂c'
        to_c = [np.diag(part) for part in (g * i * (1 - i), c * f * (1 - f), 0 * o, i * (1 - g**2))]
        to_h = [through @ block for block in to_c]
        to_h[2] = np.diag(np.tanh(c_next) * o * (1 - o))
        direct = np.block([[zero, through @ np.diag(f)], [zero, np.diag(f)]])
        return np.block([to_h, to_c]), direct

    def tangent(self, u: Array, s: Array, du: Array, ds: Array) -> Array:
        """ċ' = ḟ c + f ċ + i̇ g + i ġ;  ḣ' = ȯ tanh c' + o (1 - tanh² c') ċ'"""
        i, f, o, g, c = self._parts(u, s)
        di, df, do, dg = np.split(du, 4, axis=-1)
        di, df, do, dg = i * (1 - i) * di, f * (1 - f) * df, o * (1 - o) * do, (1 - g**2) * dg
        tanh_c = np.tanh(f * c + i * g)
        dc = df * c + f * np.split(ds, 2, axis=-1)[1] + di * g + i * dg
        return np.concatenate([do * tanh_c + o * (1 - tanh_c**2) * dc, dc], axis=-1)

    @staticmethod
    def _parts(u: Array, s: Array) -> tuple[Array, Array, Array, Array, Array]:
        i, f, o, g = np.split(u, 4, axis=-1)
        return σ(i), σ(f), σ(o), np.tanh(g), np.split(s, 2, axis=-1)[1]


class GRU:
    """s = h;  u = [x_a, h_a], each r z n;  n = tanh(x_a_n + r h_a_n);  h' = (1 - z) n + z h."""

    separate = True  # the reset is between the two products
    biases = ("b_xh", "b_hh")

    def value(self, u: Array, s: Array) -> Array:
        """h'"""
        _, z, n, _ = self._parts(u)
        return np.asarray((1 - z) * n + z * s)

    def linearise(self, u: Array, s: Array) -> tuple[Array, Array]:
        """Columns: r z n of x_a, then r z n of h_a."""
        r, z, n, m = self._parts(u)
        by_n = (1 - z) * (1 - n**2)
        by_r, by_z = by_n * m * r * (1 - r), (s - n) * z * (1 - z)
        blocks = [np.diag(part) for part in (by_r, by_z, by_n, by_r, by_z, by_n * r)]
        return np.hstack(blocks), np.diag(z)

    def tangent(self, u: Array, s: Array, du: Array, ds: Array) -> Array:
        """ḣ' = (1 - z) ṅ - ż n + ż h + z ḣ"""
        r, z, n, m = self._parts(u)
        dxr, dxz, dxn, dhr, dhz, dm = np.split(du, 6, axis=-1)
        dr, dz = r * (1 - r) * (dxr + dhr), z * (1 - z) * (dxz + dhz)
        dn = (1 - n**2) * (dxn + dr * m + r * dm)
        return np.asarray((1 - z) * dn - dz * n + dz * s + z * ds)

    @staticmethod
    def _parts(u: Array) -> tuple[Array, Array, Array, Array]:
        x_r, x_z, x_n, h_r, h_z, m = np.split(u, 6, axis=-1)
        r, z = σ(x_r + h_r), σ(x_z + h_z)
        return r, z, np.tanh(x_n + r * m), m


Cell = RNN | LSTM | GRU
GATED: Mapping[str, Callable[[], Cell]] = {"gru": GRU, "lstm": LSTM}


def make_cell(cell: str, nonlinearity: str) -> Cell:
    """The plain form of a cell by its name."""
    return RNN(nonlinearity) if cell == "rnn" else GATED[cell]()


class Readout:
    """o = r W_hy + b_y, r = h, or in a deep one r = h + relu(h W_hr + b_r); and the loss -log softmax(o)[y]."""

    def __init__(self, w: dict[str, Array]) -> None:
        self._w = w

    def error(self, h: Array, y: int, smoothing: float = 0.0) -> Array:
        """∂L/∂o = p - q of one step, (V,); without smoothing q is y, one-hot."""
        o = self._read(h)[1] @ self._w["W_hy"] + self._w["b_y"]
        p = np.exp(o - o.max()) / np.exp(o - o.max()).sum()
        q = (1 - smoothing) * np.eye(len(o))[y] + smoothing / len(o)
        return np.asarray(p - q)

    def gradients(self, h: Array, do: Array) -> tuple[Array, dict[str, Array]]:
        """From ∂L/∂o, backwards: the gradients by h, (H,), and by each parameter."""
        w, (a, r) = self._w, self._read(h)
        dr = w["W_hy"] @ do
        found = {"W_hy": np.outer(r, do), "b_y": do}
        if not self._deep:
            return dr, found
        da = dr * PHI["relu"].derivative(a)
        return dr + w["W_hr"] @ da, {**found, "W_hr": np.outer(h, da), "b_r": da}

    def tangent(self, h: Array, dh: Array, parameter: str, indices: Array) -> Array:
        """Forwards: ȯ, (n, V), from ḣ, (n, H), and where the parameter is the readout's, from moving its entries."""
        w, (a, r), n = self._w, self._read(h), np.arange(len(indices))
        if not self._deep:
            moved = dh
        else:
            du = dh @ w["W_hr"]
            if parameter in ("W_hr", "b_r"):
                du[n, indices % len(h)] += h[indices // len(h)] if parameter == "W_hr" else 1
            moved = dh + du * PHI["relu"].derivative(a)
        do = moved @ w["W_hy"]
        if parameter in ("W_hy", "b_y"):
            V = do.shape[1]
            do[n, indices % V] += r[indices // V] if parameter == "W_hy" else 1
        return np.asarray(do)

    @property
    def _deep(self) -> bool:
        return "W_hr" in self._w

    def _read(self, h: Array) -> tuple[Array, Array]:
        """a = h W_hr + b_r and r; of a linear one both are h."""
        if not self._deep:
            return h, h
        a = h @ self._w["W_hr"] + self._w["b_r"]
        return a, h + PHI["relu"].value(a)
