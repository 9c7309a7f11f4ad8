"""D2, section 1: the scalar form, a binary classifier with one unit and a given s_0.

    s_t = tanh(U x_t + W s_{t-1})                        (1)
    ŷ_t = sigm(V s_t)                                    (2)
    E_t = -y_t log ŷ_t - (1 - y_t) log(1 - ŷ_t)          (3), as corrected: the document has only the first part

Every variable is a number, and times count from 1. With the loss as printed a label 0 costs nothing, whatever ŷ is.
From (14) on the document writes ∂s_t/∂s_k = W^{t-k}: the derivative of tanh is missing at each step.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from charrnn.derivations.case import Case, from_one
from charrnn.derivations.complex_step import Array
from charrnn.derivations.functions import binary_cross_entropy, binary_cross_entropy_gradient, logistic, logistic_slope
from charrnn.derivations.systems.recurrent import Letters, Recurrent


@dataclass(frozen=True)
class Scalar(Recurrent):
    """The system, with its numbers."""

    LETTERS: ClassVar = Letters(input="x", state="s", initial="s_0", output="ŷ", target="y", loss="E", total="E")
    PARAMETERS: ClassVar = ("U", "W", "V")
    RECURRENT: ClassVar = "W"

    x: Array  # (T,): x_1 ... x_T
    y: Array  # (T,), each 0 or 1
    U: Array  # U, W, V and s_0 are numbers
    W: Array
    V: Array
    s_0: Array
    averaged: bool = False  # True: the loss is averaged over time

    @classmethod
    def random(cls, case: Case, random: np.random.Generator) -> "Scalar":
        """Random numbers, W around 1; labels 1 and 0 in turn, so that both occur."""
        return cls(
            x=random.normal(size=case.T),
            y=np.arange(1, case.T + 1) % 2,
            U=random.uniform(0.5, 1.0, ()),
            W=random.uniform(0.8, 1.6, ()),
            V=random.uniform(0.5, 1.5, ()),
            s_0=case.initial(random),
            averaged=case.averages(False),
        )

    # ------------------------------------------------------------ forward

    def run(self, k: int, s: Array) -> list[Array]:
        """s_k ... s_T, from a given s_k on."""
        states = [s]
        for t in range(k + 1, self.T + 1):
            states.append(np.tanh(self.U * from_one(self.x)[t] + self.W * states[-1]))  # (1)
        return states

    @cached_property
    def s(self) -> list[Array]:
        """s_0 ... s_T"""
        return self.run(0, self.s_0)

    def ŷ(self, t: int) -> Array:
        """The probability of a 1 at t."""
        return logistic(self.V * self.s[t])  # (2)

    def E(self, t: int) -> Array:
        """The loss at t alone."""
        return binary_cross_entropy(self.ŷ(t), from_one(self.y)[t])  # (3)

    def loss(self) -> Array:
        """Σ_t E_t, or that averaged."""
        return np.asarray(sum(self.E(t) for t in self.times) / self.N)

    # ------------------------------------------------------------ the derivatives at one step

    def dE_by_dŷ(self, t: int) -> Array:
        """∂E_t/∂ŷ_t"""
        return binary_cross_entropy_gradient(self.ŷ(t), from_one(self.y)[t])

    def dŷ_by_dV(self, t: int) -> Array:
        """∂ŷ_t/∂V"""
        return logistic_slope(self.V * self.s[t]) * self.s[t]

    def dŷ_by_ds(self, t: int) -> Array:
        """∂ŷ_t/∂s_t"""
        return logistic_slope(self.V * self.s[t]) * self.V

    def jacobian(self, t: int) -> Array:
        """∂s_t/∂s_{t-1} = W (1 - s_t²)"""
        return self.W * (1 - self.s[t] ** 2)

    def immediate(self, k: int, parameter: str = "W") -> Array:
        """∂s_k/∂W, or by U, at fixed s_{k-1}."""
        source = self.s[k - 1] if parameter == "W" else from_one(self.x)[k]
        return (1 - self.s[k] ** 2) * source

    # ------------------------------------------------------------ the recursion and the sum

    def recursion(self, t: int, parameter: str = "W") -> Array:
        """∂s_t/∂W, total: the recursion, which begins at s_0, a constant."""
        total = np.zeros(())
        for k in range(1, t + 1):
            total = self.immediate(k, parameter) + self.jacobian(k) * total  # (7)
        return total

    def product(self, t: int, k: int) -> Array:
        """∂s_t/∂s_k = W^{t-k} Π_{i=k+1..t} (1 - s_i²); (14), (15) as corrected."""
        return np.asarray(np.prod([self.jacobian(i) for i in range(k + 1, t + 1)]))  # (13)

    def ds_by_dw(self, t: int, parameter: str) -> Array:
        """∂s_t/∂W, or by U; (16) and (18) as corrected."""
        return np.asarray(  # (11), (12)
            sum(self.product(t, k) * self.immediate(k, parameter) for k in range(1, t + 1))
        )

    def dE_by_dV(self, t: int) -> Array:
        """∂E_t/∂V, which is (ŷ_t - y_t) s_t."""
        return self.dE_by_dŷ(t) * self.dŷ_by_dV(t)  # (4)

    def dE_by_dw(self, t: int, parameter: str) -> Array:
        """∂E_t/∂W, or by U."""
        return self.dE_by_dŷ(t) * self.dŷ_by_ds(t) * self.ds_by_dw(t, parameter)  # (5), (17)

    def term(self, t: int, k: int, parameter: str) -> Array:
        """The part of the gradient from the loss at t through the use of the weight at k."""
        return self.dE_by_dŷ(t) * self.dŷ_by_ds(t) * self.product(t, k) * self.immediate(k, parameter) / self.N

    def gradient(self, parameter: str) -> Array:
        """Of the loss by any parameter."""
        if parameter == "V":
            return np.asarray(sum(self.dE_by_dV(t) for t in self.times) / self.N)
        return np.asarray(sum(self.dE_by_dw(t, parameter) for t in self.times) / self.N)

    # ------------------------------------------------------------ as printed

    def printed_E(self, t: int) -> Array:
        """(3): nothing for a label 0."""
        return -from_one(self.y)[t] * np.log(self.ŷ(t))

    def printed_sum_of_totals(self, t: int) -> Array:
        """(11), each ∂s_k/∂W read as total."""
        return np.asarray(sum(self.product(t, k) * self.recursion(k) for k in self.times[:t]))

    def printed_product(self, t: int, k: int) -> Array:
        """(14), (15): a power of W."""
        return self.W ** (t - k)

    def printed_ds_by_dw(self, t: int, parameter: str) -> Array:
        """(16), (18): the sum with that power."""
        return np.asarray(sum(self.printed_product(t, k) * self.immediate(k, parameter) for k in range(1, t + 1)))
