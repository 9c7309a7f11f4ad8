"""D3: the form U, V, W, counted from t = 0, and the rules by which the weights are updated.

    h_t = tanh(U x_t + W h_{t-1})        z_t = V h_t        ŷ_t = softmax(z_t)        L_t = -y_t log ŷ_t
    L   = Σ_{t=0..T} L_t
    W ← W - α ∂L/∂W,   V ← V - α ∂L/∂V,   U ← U - α ∂L/∂U

Vectors are columns. The first step is t = 0, so that there are T + 1 of them, and h_{-1} is given. y_t are the targets
and ŷ_t the outputs; the document writes y_t for both in places, and k for K in a sum over the classes. Its sums for W
and U begin at i = 1 though the loss begins at 0; its products (2.4) and (2.5) have the error on the left, and lack Vᵀ
and one diagonal; and its rule for V starts from U.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from charrnn.derivations import functions
from charrnn.derivations.case import Case
from charrnn.derivations.complex_step import Array
from charrnn.derivations.functions import cross_entropy, softmax
from charrnn.derivations.systems.recurrent import Letters, Recurrent


@dataclass(frozen=True)
class UpdateRules(Recurrent):
    """The system, with its numbers."""

    LETTERS: ClassVar = Letters(input="x", state="h", initial="h_before", output="ŷ", target="y", loss="L", total="L")
    PARAMETERS: ClassVar = ("U", "W", "V")
    RECURRENT: ClassVar = "W"

    x: Array  # (T + 1, M): x_0 ... x_T, real vectors or one-hot
    y: Array  # (T + 1, C), one-hot: y_0 ... y_T
    U: Array  # (D, M)
    W: Array  # (D, D)
    V: Array  # (C, D)
    h_before: Array  # (D,): h_{-1}, given
    averaged: bool = False  # True: the loss is averaged over time

    @classmethod
    def random(cls, case: Case, random: np.random.Generator) -> "UpdateRules":
        """Random numbers of a case's sizes."""
        return cls(
            x=case.inputs(random, case.T + 1),
            y=case.labels(random, case.T + 1),
            U=case.weights(random, case.D, case.M),
            W=case.weights(random, case.D, case.D),
            V=case.weights(random, case.C, case.D),
            h_before=case.initial(random, case.D),
            averaged=case.averages(False),
        )

    @property
    def T(self) -> int:
        """The last time."""
        return len(self.x) - 1

    @property
    def times(self) -> range:
        """0 ... T"""
        return range(self.T + 1)

    # ------------------------------------------------------------ forward

    def run(self, k: int, h: Array) -> dict[int, Array]:
        """h_k ... h_T by their times, from a given h_k on."""
        h_s = {k: h}
        for t in range(k + 1, self.T + 1):
            h_s[t] = np.tanh(self.U @ self.x[t] + self.W @ h_s[t - 1])
        return h_s

    @cached_property
    def h(self) -> dict[int, Array]:
        """h_{-1} ... h_T, by their times."""
        return self.run(-1, self.h_before)

    def z(self, t: int) -> Array:
        """The logits at t, (C,)."""
        return self.V @ self.h[t]

    def ŷ(self, t: int) -> Array:
        """The probabilities at t, (C,)."""
        return softmax(self.z(t))

    def L(self, t: int) -> Array:
        """The loss at t alone."""
        return cross_entropy(self.ŷ(t), self.y[t])

    def loss(self) -> Array:
        """L = Σ_{t=0..T} L_t, or that averaged."""
        return np.asarray(sum(self.L(t) for t in self.times) / self.N)

    # ------------------------------------------------------------ the gradients

    def dL_by_dŷ(self, i: int) -> Array:
        """-y_i / ŷ_i, (C,)."""
        return functions.cross_entropy_gradient(self.ŷ(i), self.y[i])  # (1.2)

    def dL_by_dz(self, i: int) -> Array:
        """Both cases of (1.3), summed over the classes: ŷ_i - y_i, (C,)."""
        return self.ŷ(i) - self.y[i]

    def dL_by_dV(self, i: int) -> Array:
        """(ŷ_i - y_i) ⊗ h_i, (C, D)."""
        return np.outer(self.dL_by_dz(i), self.h[i])

    def diag(self, m: int) -> Array:
        """diag(1 - tanh²(U x_m + W h_{m-1})), (D, D)."""
        return np.diag(1 - self.h[m] ** 2)

    def jacobian(self, m: int) -> Array:
        """∂h_m/∂h_{m-1} = diag(1 - tanh²) W, (D, D): the transpose of what is printed."""
        return self.diag(m) @ self.W

    def transposed_product(self, i: int, k: int) -> Array:
        """Π_{m=k+1..i} Wᵀ diag(1 - tanh²), m rising from left to right: (∂h_i/∂h_k)ᵀ."""
        product = np.eye(len(self.W))
        for m in range(k + 1, i + 1):
            product = product @ self.W.T @ self.diag(m)
        return product

    def source(self, k: int, parameter: str) -> Array:
        """The factor of the weight at k: h_{k-1} for W, x_k for U."""
        return self.h[k - 1] if parameter == "W" else self.x[k]

    def explicit(self, k: int, parameter: str) -> Array:
        """∂h_k⁺/∂W, (D, D, D): unit d moves by (1 - h_{k,d}²) h_{k-1} with row d of W; by U, x_k for h_{k-1}."""
        return self.diag(k)[:, :, np.newaxis] * self.source(k, parameter)

    def term(self, i: int, k: int, parameter: str) -> Array:
        """diag_k (Π_{m=k+1..i} Wᵀ diag_m) Vᵀ (ŷ_i - y_i) ⊗ h_{k-1}, or x_k for U; (2.4) and (2.5) as corrected."""
        column = self.diag(k) @ self.transposed_product(i, k) @ self.V.T @ self.dL_by_dz(i)
        return np.outer(column, self.source(k, parameter)) / self.N

    def gradient(self, parameter: str) -> Array:
        """∂L/∂w, all sums from 0."""
        if parameter == "V":
            return np.asarray(sum(self.dL_by_dV(i) for i in self.times) / self.N)  # (1.1)
        return np.asarray(  # (2.1), (2.3)
            sum(self.term(i, k, parameter) for i in self.times for k in range(i + 1))
        )

    def update(self, α: float) -> "UpdateRules":
        """The system after one update by the three rules."""
        return replace(
            self,
            W=step(self.W, self.gradient("W"), α),
            V=step(self.V, self.gradient("V"), α),
            U=step(self.U, self.gradient("U"), α),
        )

    # ------------------------------------------------------------ as printed

    def printed_explicit(self, k: int, parameter: str) -> Array:
        """∂h_k⁺/∂W = h_{k-1}, without the tanh: unit d moves by h_{k-1} with row d of W; by U, x_k with row d of U."""
        return np.eye(len(self.W))[:, :, np.newaxis] * self.source(k, parameter)

    def printed_sums(self, parameter: str) -> Array:
        """(2.3): i and k from 1; what is missing is k = 0, which for W is 0 if h_{-1} is."""
        terms = (self.term(i, k, parameter) for i in self.times for k in self.times if 1 <= k <= i)
        return np.asarray(sum(terms))

    def printed_row(self, i: int, k: int) -> Array:
        """(ŷ_i - y_i) (Π_{m=k+1..i} Wᵀ diag_m), in that order: a row (C,) times (D, D)."""
        return self.dL_by_dz(i) @ self.transposed_product(i, k)

    def row_with_V(self, i: int, k: int) -> Array:
        """The same with (ŷ_i - y_i)ᵀ V for ŷ_i - y_i, in that order."""
        return self.dL_by_dz(i) @ self.V @ self.transposed_product(i, k)

    def column_without_diag(self, i: int, k: int) -> Array:
        """The error on the right as a column, Vᵀ (ŷ_i - y_i), but no diag_k in front."""
        return self.transposed_product(i, k) @ self.V.T @ self.dL_by_dz(i)

    def printed_gradient(self, parameter: str, error: Callable[[int, int], Array], times: range) -> Array:
        """(2.4), (2.5): Σ_i Σ_k error(i, k) ⊗ h_{k-1}, or x_k for U, over these times, k up to i."""
        total = np.zeros_like(getattr(self, parameter))
        for i in times:
            for k in times:
                if k <= i:
                    total = total + np.outer(error(i, k), self.source(k, parameter))
        return total / self.N


def step(w: Array, gradient: Array, α: float) -> Array:
    """w - α ∂L/∂w: the rule for each of the weights, plain gradient descent."""
    return w - α * gradient


def printed_tanh(x: Array) -> Array:
    """2 / (1 + e^-2x) - 1"""
    return 2 / (1 + np.exp(-2 * x)) - 1


def printed_softmax(z: Array) -> Array:
    """e^z_i / Σ_k e^z_k"""
    return np.exp(z) / np.exp(z).sum()


def cases(y: Array, ŷ: Array) -> Array:
    """(1.3), row i and column k: -y_i (1 - ŷ_i) where i = k, else y_i ŷ_k."""
    return np.outer(y, ŷ) - np.diag(y)
