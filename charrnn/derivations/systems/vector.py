"""D2, section 2: the vector form, a single sequence, without biases.

    z_t = U x_t + W s_{t-1}         (19)        U: D × M    (27)
    s_t = tanh(z_t)                 (20)        W: D × D    (28)
    g_t = V s_t                     (21)        V: C × D    (29)
    ŷ_t = softmax(g_t)              (22)
    L_t = -y_tᵀ log ŷ_t             (23)

Vectors are columns, ∂L/∂vector is a row, and times count from 1. The document moves W out of a product of matrices,
which do not commute: (63), and with it (66), (67) and (69). Everything else holds, except an index in (34).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from charrnn.derivations import functions
from charrnn.derivations.case import Case, from_one
from charrnn.derivations.complex_step import Array
from charrnn.derivations.functions import cross_entropy, softmax
from charrnn.derivations.systems.recurrent import Letters, Recurrent, earliest_first, latest_first


@dataclass(frozen=True)
class Vector(Recurrent):
    """The system, with its numbers."""

    LETTERS: ClassVar = Letters(input="x", state="s", initial="s_0", output="ŷ", target="y", loss="L", total="L")
    PARAMETERS: ClassVar = ("U", "W", "V")
    RECURRENT: ClassVar = "W"

    x: Array  # (T, M): x_1 ... x_T, real vectors or one-hot
    y: Array  # (T, C), one-hot
    U: Array  # (D, M)
    W: Array  # (D, D)
    V: Array  # (C, D)
    s_0: Array  # (D,), given
    averaged: bool = False  # True: the loss is averaged over time

    @classmethod
    def random(cls, case: Case, random: np.random.Generator) -> "Vector":
        """Random numbers of a case's sizes."""
        return cls(
            x=case.inputs(random, case.T),
            y=case.labels(random, case.T),
            U=case.weights(random, case.D, case.M),
            W=case.weights(random, case.D, case.D),
            V=case.weights(random, case.C, case.D),
            s_0=case.initial(random, case.D),
            averaged=case.averages(False),
        )

    # ------------------------------------------------------------ forward

    def run(self, k: int, s: Array) -> list[Array]:
        """s_k ... s_T, from a given s_k on."""
        states = [s]
        for t in range(k + 1, self.T + 1):
            z = self.U @ from_one(self.x)[t] + self.W @ states[-1]  # (19)
            states.append(np.tanh(z))  # (20)
        return states

    @cached_property
    def s(self) -> list[Array]:
        """s_0 ... s_T"""
        return self.run(0, self.s_0)

    def g(self, t: int) -> Array:
        """The logits at t, (C,)."""
        return self.V @ self.s[t]  # (21)

    def ŷ(self, t: int) -> Array:
        """The probabilities at t, (C,)."""
        return softmax(self.g(t))  # (22), (34)

    def L(self, t: int) -> Array:
        """The loss at t alone."""
        return cross_entropy(self.ŷ(t), from_one(self.y)[t])  # (23), (30)

    def loss(self) -> Array:
        """L = Σ_t L_t, or that averaged."""
        return np.asarray(sum(self.L(t) for t in self.times) / self.N)

    # ------------------------------------------------------------ the derivatives at one step

    def dL_by_dŷ(self, t: int) -> Array:
        """A row (C,)."""
        return functions.cross_entropy_gradient(self.ŷ(t), from_one(self.y)[t])  # (31), (32)

    def dŷ_by_dg(self, t: int) -> Array:
        """ŷ_i (1(i = j) - ŷ_j), (C, C)."""
        return functions.softmax_jacobian(self.g(t))  # (35), (36)

    def dL_by_dg(self, t: int) -> Array:
        """(ŷ_t - y_t)ᵀ, a row (C,)."""
        return self.ŷ(t) - from_one(self.y)[t]  # (43), (44)

    def dL_by_dg_before(self, t: int) -> Array:
        """The lines that lead to it, one a row, (4, C): Σ_k over the classes, 1(k = i) in row k and column i."""
        y, ŷ, one = from_one(self.y)[t], self.ŷ(t), np.eye(len(self.V))
        return np.array(
            [
                -((y / ŷ * ŷ) @ (one - ŷ)),  # (39)
                -(y @ (one - ŷ)),  # (40)
                np.outer(y, ŷ).sum(axis=0) - y,  # (41)
                y.sum() * ŷ - y,  # (42)
            ]
        )

    def dg_by_dV(self, t: int) -> Array:
        """1(i = k) s_{t,j}: row k of g_t reads row k of V alone, (C, C, D)."""
        return np.eye(len(self.V))[:, :, np.newaxis] * self.s[t]  # (48), (49), (50)

    def dL_by_dV_before(self, t: int) -> Array:
        """The lines that lead to ∂L_t/∂V, element by element, (2, C, D)."""
        error = self.ŷ(t) - from_one(self.y)[t]
        return np.array(
            [
                np.tensordot(error, self.dg_by_dV(t), 1),  # (47), (51), (52)
                error[:, np.newaxis] * self.s[t],  # (53)
            ]
        )

    def dL_by_dV(self, t: int) -> Array:
        """(ŷ_t - y_t) s_tᵀ, (C, D)."""
        return np.outer(self.dL_by_dg(t), self.s[t])  # (54)

    def dL_by_ds(self, t: int) -> Array:
        """(ŷ_t - y_t)ᵀ V, a row (D,)."""
        return self.dL_by_dg(t) @ self.V  # (56)

    def ds_by_dz(self, i: int) -> Array:
        """diag(1 - s_i²), (D, D)."""
        return np.diag(1 - self.s[i] ** 2)  # (62)

    def jacobian(self, i: int) -> Array:
        """∂s_i/∂s_{i-1} = ∂s_i/∂z_i ∂z_i/∂s_{i-1}, (D, D)."""
        return self.ds_by_dz(i) @ self.W  # (60)

    def product(self, t: int, k: int) -> Array:
        """∂s_t/∂s_k = Π_{i=k+1..t} ∂s_i/∂s_{i-1}, the latest step first; (63) as corrected."""
        return latest_first((self.jacobian(i) for i in range(k + 1, t + 1)), len(self.s_0))  # (58), (59)

    def source(self, k: int, parameter: str) -> Array:
        """The factor of the weight at k: s_{k-1} for W, x_k for U."""
        return self.s[k - 1] if parameter == "W" else from_one(self.x)[k]

    # ------------------------------------------------------------ the sums

    def share(self, t: int, k: int, parameter: str) -> Array:
        """∂L_t/∂s_t ∂s_t/∂s_k ∂s_k/∂W, the last at fixed s_{k-1}; written as the outer product of (70)."""
        row = self.dL_by_ds(t) @ (self.product(t, k) @ self.ds_by_dz(k))  # (64)
        return np.outer(self.source(k, parameter), row).T  # (70)

    def dL_by_dw(self, t: int, parameter: str) -> Array:
        """∂L_t/∂W, or by U; (67) and (69) as corrected."""
        return np.asarray(sum(self.share(t, k, parameter) for k in range(1, t + 1)))  # (57), (65), (68)

    def term(self, t: int, k: int, parameter: str) -> Array:
        """The part of the gradient from the loss at t through the use of the weight at k."""
        return self.share(t, k, parameter) / self.N

    def gradient(self, parameter: str) -> Array:
        """Of the loss by any parameter."""
        if parameter == "V":
            return np.asarray(sum(self.dL_by_dV(t) for t in self.times) / self.N)  # (71)
        return np.asarray(sum(self.dL_by_dw(t, parameter) for t in self.times) / self.N)  # (72), (73)

    # ------------------------------------------------------------ as printed

    def printed_rising(self, t: int, k: int) -> Array:
        """(59), (60) from left to right as Π is read: the earliest step first."""
        return earliest_first((self.jacobian(i) for i in range(k + 1, t + 1)), len(self.s_0))

    def printed_product(self, t: int, k: int) -> Array:
        """(63): W^{t-k} in front of the diagonals."""
        product = np.linalg.matrix_power(self.W, t - k)
        for i in range(k + 1, t + 1):
            product = product @ self.ds_by_dz(i)
        return product

    def printed_dL_by_dw(self, t: int, parameter: str) -> Array:
        """(66), (67), (69): the sum with that product."""
        total = np.zeros_like(getattr(self, parameter))
        for k in range(1, t + 1):
            row = self.dL_by_ds(t) @ (self.printed_product(t, k) @ self.ds_by_dz(k))
            total = total + np.outer(row, self.source(k, parameter))
        return total
