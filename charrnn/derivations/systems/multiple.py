"""D2, section 3: the vector form, multiple data points. The document has only this title; what follows is derived here.

B sequences of T steps are read side by side with the same U, W and V, as the columns of matrices: X_t is M × B, S_t is
D × B, and G_t, Ŷ_t and Y_t are C × B. Then (19)-(23) become

    Z_t = U X_t + W S_{t-1}            S_t = tanh(Z_t)            G_t = V S_t
    Ŷ_t = softmax of each column       L_t = -Σ_b Σ_i (Y_t)_{i,b} log (Ŷ_t)_{i,b}

Column b of each line is sequence b's own equation: no column reads another. So L = Σ_b L^b, and each gradient is the
sum over b of what section 2 derives for one sequence. Three steps make matrices of these sums.

1. The error of each column is (44): ∂L_t/∂G_t = Ŷ_t - Y_t, C × B. Here and below ∂L/∂X has the shape of X: its columns
   are what section 2 writes as rows.

2. S_t reaches the loss by G_t, and by Z_{t+1}. For one sequence that is ∂L/∂s_t = (ŷ_t - y_t)ᵀ V + ∂L/∂z_{t+1} W, a
   row; its transpose is the column b of

       ∂L/∂S_t = Vᵀ (Ŷ_t - Y_t) + Wᵀ ∂L/∂Z_{t+1},      with ∂L/∂Z_{T+1} = 0
       ∂L/∂Z_t = ∂L/∂S_t ∘ (1 - S_t ∘ S_t),            (62), column by column

   Unrolled, this is the sum (57) over all later losses, so one pass from T down to 1 replaces T²/2 products.

3. A weight that enters as W s adds the outer product of a column of the gradient and a column of the state, (70). The
   sum over b of outer products of columns is a product of matrices: Σ_b a^b (c^b)ᵀ = A Cᵀ. With (71)-(73):

       ∂L/∂V = Σ_t (Ŷ_t - Y_t) S_tᵀ       ∂L/∂W = Σ_t ∂L/∂Z_t S_{t-1}ᵀ       ∂L/∂U = Σ_t ∂L/∂Z_t X_tᵀ
       ∂L/∂S_0 = Wᵀ ∂L/∂Z_1

For B = 1 these are section 2's gradients. Averaging the loss divides all of them by T B.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from charrnn.derivations.case import Case, from_one
from charrnn.derivations.complex_step import Array
from charrnn.derivations.functions import cross_entropy, softmax
from charrnn.derivations.systems.recurrent import Letters, Recurrent
from charrnn.derivations.systems.vector import Vector


@dataclass(frozen=True)
class Multiple(Recurrent):
    """The system, with its numbers."""

    LETTERS: ClassVar = Letters(input="X", state="S", initial="S_0", output="Ŷ", target="Y", loss="L", total="L")
    PARAMETERS: ClassVar = ("U", "W", "V")
    RECURRENT: ClassVar = "W"

    X: Array  # (T, M, B): X_1 ... X_T
    Y: Array  # (T, C, B), each column one-hot
    U: Array  # (D, M)
    W: Array  # (D, D)
    V: Array  # (C, D)
    S_0: Array  # (D, B), given
    averaged: bool = False  # True: the loss is averaged over steps and sequences

    @classmethod
    def random(cls, case: Case, random: np.random.Generator) -> "Multiple":
        """Random numbers of a case's sizes."""
        return cls(
            X=case.inputs(random, case.T, case.B).swapaxes(1, 2),
            Y=case.labels(random, case.T, case.B).swapaxes(1, 2),
            U=case.weights(random, case.D, case.M),
            W=case.weights(random, case.D, case.D),
            V=case.weights(random, case.C, case.D),
            S_0=case.initial(random, case.D, case.B),
            averaged=case.averages(False),
        )

    @property
    def B(self) -> int:
        """Sequences."""
        return self.X.shape[2]

    @property
    def N(self) -> int:
        """What the summed loss is divided by."""
        return self.T * self.B if self.averaged else 1

    def sequence(self, b: int) -> Vector:
        """One sequence as a system of section 2; its loss is summed."""
        return Vector(self.X[:, :, b], self.Y[:, :, b], self.U, self.W, self.V, self.S_0[:, b])

    # ------------------------------------------------------------ forward

    @cached_property
    def S(self) -> list[Array]:
        """S_0 ... S_T"""
        S = [self.S_0]
        for t in self.times:
            S.append(np.tanh(self.U @ from_one(self.X)[t] + self.W @ S[t - 1]))
        return S

    def Ŷ(self, t: int) -> Array:
        """The probabilities at t, (C, B)."""
        return softmax((self.V @ self.S[t]).T).T

    def L(self, t: int) -> Array:
        """The loss at t alone, summed over the sequences."""
        return cross_entropy(self.Ŷ(t), from_one(self.Y)[t])

    def loss(self) -> Array:
        """L = Σ_t L_t, or that averaged."""
        return np.asarray(sum(self.L(t) for t in self.times) / self.N)

    # ------------------------------------------------------------ backward

    def dL_by_dG(self, t: int) -> Array:
        """Ŷ_t - Y_t, (C, B), or that averaged."""
        return (self.Ŷ(t) - from_one(self.Y)[t]) / self.N

    @cached_property
    def dL_by_dZ(self) -> dict[int, Array]:
        """∂L/∂Z_t for t = T + 1 ... 1, each (D, B): one pass backward."""
        dL_by_dZ = {self.T + 1: np.zeros_like(self.S_0)}
        for t in reversed(self.times):
            dL_by_dS = self.V.T @ self.dL_by_dG(t) + self.W.T @ dL_by_dZ[t + 1]
            dL_by_dZ[t] = dL_by_dS * (1 - self.S[t] ** 2)
        return dL_by_dZ

    def gradient(self, parameter: str) -> Array:
        """Of the loss by any parameter, or by S_0."""
        match parameter:
            case "V":
                shares = [self.dL_by_dG(t) @ self.S[t].T for t in self.times]
            case "W":
                shares = [self.dL_by_dZ[t] @ self.S[t - 1].T for t in self.times]
            case "U":
                shares = [self.dL_by_dZ[t] @ from_one(self.X)[t].T for t in self.times]
            case _:
                return self.W.T @ self.dL_by_dZ[1]
        return np.asarray(sum(shares))

    # ------------------------------------------------------------ the double sum, for comparison

    def jacobian(self, t: int, b: int) -> Array:
        """∂s_t/∂s_{t-1} of sequence b, (D, D)."""
        return self.sequence(b).jacobian(t)

    def term(self, t: int, k: int, parameter: str) -> Array:
        """The part of the gradient from the losses at t through the use of the weight at k."""
        return np.asarray(sum(self.sequence(b).share(t, k, parameter) for b in range(self.B)) / self.N)
