"""D0: the loss averaged over time, the stacked weight w_h, any φ_h, φ_o and loss ℓ; the recursion, and the boxed sum.

    h_t = φ_h(W_xh X_t + W_hh h_{t-1} + b_h)        (2)
    o_t = φ_o(W_hy h_t + b_y)                       (3)
    L̂   = (l_1 + ... + l_T) / T,  l_t = ℓ(o_t, d_t) (1)
    w_h = [W_xh W_hh]ᵀ

Vectors are columns, and times count from 1. ∂f is the immediate derivative, at fixed h_{t-1}; ∂h is the total one. The
document writes both as ∂h in the end, and j - 1 = i under its product: the box holds if ∂h is immediate and j = i + 1,
and not if it is read in another way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from charrnn.derivations import functions
from charrnn.derivations.case import Case, from_one
from charrnn.derivations.complex_step import Array
from charrnn.derivations.functions import Activation, Loss, Softmax
from charrnn.derivations.systems.recurrent import Letters, Recurrent, earliest_first, latest_first


@dataclass(frozen=True)
class MeanLoss(Recurrent):
    """The system, with its numbers."""

    LETTERS: ClassVar = Letters(input="X", state="h", initial="h_0", output="o", target="d", loss="l", total="L̂")
    PARAMETERS: ClassVar = ("w_h", "b_h", "W_hy", "b_y")
    RECURRENT: ClassVar = "w_h"

    X: Array  # (T, M): X_1 ... X_T, real vectors or one-hot
    d: Array  # (T, C): the targets
    w_h: Array  # (M + D, D)
    b_h: Array  # (D,)
    W_hy: Array  # (C, D)
    b_y: Array  # (C,)
    h_0: Array  # (D,), given
    φ_h: Activation = functions.TANH
    φ_o: Activation | Softmax = functions.SOFTMAX
    ell: Loss = functions.CROSS_ENTROPY
    averaged: bool = True  # False: the loss is summed

    @classmethod
    def random(cls, case: Case, random: np.random.Generator) -> "MeanLoss":
        """Random numbers of a case's sizes."""
        return cls(
            X=case.inputs(random, case.T),
            d=case.labels(random, case.T),
            w_h=case.weights(random, case.M + case.D, case.D),
            b_h=case.weights(random, case.D),
            W_hy=case.weights(random, case.C, case.D),
            b_y=case.weights(random, case.C),
            h_0=case.initial(random, case.D),
            φ_h=functions.ACTIVATIONS[case.φ_h],
            φ_o=functions.OUTPUTS[case.φ_o],
            ell=functions.LOSSES[case.ell],
            averaged=case.averages(True),
        )

    @property
    def W_xh(self) -> Array:
        """(D, M)"""
        return self.w_h[: self.X.shape[1]].T

    @property
    def W_hh(self) -> Array:
        """(D, D)"""
        return self.w_h[self.X.shape[1] :].T

    # ------------------------------------------------------------ forward

    def a(self, t: int, h: Array) -> Array:
        """The argument of φ_h, given h_{t-1}."""
        return self.W_xh @ from_one(self.X)[t] + self.W_hh @ h + self.b_h

    @cached_property
    def h(self) -> list[Array]:
        """h_0 ... h_T"""
        h = [self.h_0]
        for t in self.times:
            h.append(self.φ_h.value(self.a(t, h[t - 1])))  # (2)
        return h

    def o(self, t: int) -> Array:
        """The output at t."""
        return self.φ_o.value(self.W_hy @ self.h[t] + self.b_y)  # (3)

    def l(self, t: int) -> Array:  # noqa: E743  (the document's letter)
        """The loss at t alone."""
        return self.ell.value(self.o(t), from_one(self.d)[t])

    def loss(self) -> Array:
        """L̂"""
        return np.asarray(sum(self.l(t) for t in self.times) / self.N)  # (1)

    # ------------------------------------------------------------ the derivatives at one step

    def do_by_dg(self, t: int) -> Array:
        """∂o_t/∂(W_hy h_t + b_y), (C, C)."""
        return self.φ_o.jacobian(self.W_hy @ self.h[t] + self.b_y)

    def dl_by_dg(self, t: int) -> Array:
        """∂l_t/∂o_t and then ∂o_t/∂(W_hy h_t + b_y), summed over the outputs: a row (C,)."""
        return (self.ell.gradient(self.o(t), from_one(self.d)[t])[:, np.newaxis] * self.do_by_dg(t)).sum(axis=0)

    def dl_by_dh(self, t: int) -> Array:
        """∂l_t/∂o_t ∂o_t/∂h_t, a row (D,)."""
        return self.dl_by_dg(t) @ self.W_hy

    def jacobian(self, t: int) -> Array:
        """∂h_t/∂h_{t-1} = ∂f/∂h_{t-1}, (D, D)."""
        return self.φ_h.jacobian(self.a(t, self.h[t - 1])) @ self.W_hh

    def immediate(self, t: int, parameter: str = "w_h") -> Array:
        """∂f/∂w at fixed h_{t-1}: (D, M + D, D) for w_h, (D, D) for b_h."""
        slopes = self.φ_h.jacobian(self.a(t, self.h[t - 1]))
        if parameter == "b_h":
            return slopes
        both = np.concatenate([from_one(self.X)[t], self.h[t - 1]])
        return slopes[:, np.newaxis, :] * both[:, np.newaxis]

    # ------------------------------------------------------------ the recursion

    def dh_by_dw(self, t: int, parameter: str = "w_h") -> Array:
        """∂h_t/∂w, total: the recursion, which begins at h_0, a constant."""
        total = np.zeros((len(self.h_0), *np.shape(getattr(self, parameter))))
        for s in range(1, t + 1):
            total = self.immediate(s, parameter) + np.tensordot(self.jacobian(s), total, 1)  # (6), (7), (8)
        return total

    def two_steps(self, t: int, derivative: Callable[[int], Array]) -> Array:
        """The recursion written out over two steps; `derivative(t)` stands for ∂h_t/∂w_h."""
        before = np.tensordot(self.jacobian(t), derivative(t - 1), 1)
        rest = np.tensordot(self.jacobian(t) @ self.jacobian(t - 1), self.dh_by_dw(t - 2), 1)
        return derivative(t) + before + rest  # (10)

    def dl_by_dw(self, t: int, parameter: str = "w_h") -> Array:
        """∂l_t/∂w"""
        return np.tensordot(self.dl_by_dh(t), self.dh_by_dw(t, parameter), 1)  # (5)

    def gradient(self, parameter: str) -> Array:
        """∂L̂/∂w of any parameter; that of the readout needs no recursion."""
        match parameter:
            case "W_hy":
                shares = [np.outer(self.dl_by_dg(t), self.h[t]) for t in self.times]
            case "b_y":
                shares = [self.dl_by_dg(t) for t in self.times]
            case _:
                shares = [self.dl_by_dw(t, parameter) for t in self.times]
        return np.asarray(sum(shares) / self.N)  # (4)

    # ------------------------------------------------------------ the boxed sum

    def product(self, t: int, i: int) -> Array:
        """∂h_t/∂h_i = Π_{j=i+1..t} ∂h_j/∂h_{j-1}, the latest step first."""
        return latest_first((self.jacobian(j) for j in range(i + 1, t + 1)), len(self.h_0))

    def boxed_sum(self, t: int, parameter: str = "w_h") -> Array:
        """∂h_t/∂w = ∂f_t/∂w + Σ_{i=1..t-1} (Π_{j=i+1..t} ∂h_j/∂h_{j-1}) ∂f_i/∂w"""
        total = self.immediate(t, parameter)
        for i in range(1, t):
            total = total + np.tensordot(self.product(t, i), self.immediate(i, parameter), 1)
        return total

    def term(self, t: int, i: int, parameter: str) -> Array:
        """The part of ∂L̂/∂w from the loss at t through the use of the weight at i."""
        row = self.dl_by_dh(t) @ self.product(t, i)
        return np.tensordot(row, self.immediate(i, parameter), 1) / self.N

    # ------------------------------------------------------------ as printed

    def printed_box_of_totals(self, t: int) -> Array:
        """Each ∂h/∂w_h on the right is total, as on the left."""
        total = self.dh_by_dw(t)
        for i in self.times[: t - 1]:
            total = total + np.tensordot(self.product(t, i), self.dh_by_dw(i), 1)
        return total

    def printed_box(self, t: int) -> Array:
        """The product from j = i: one Jacobian too many."""
        total = self.immediate(t)
        for i in range(1, t):
            total = total + np.tensordot(self.product(t, i - 1), self.immediate(i), 1)
        return total

    def printed_box_rising(self, t: int) -> Array:
        """The product from j = i + 1, from left to right: the earliest step first."""
        total = self.immediate(t)
        for i in range(1, t):
            product = earliest_first((self.jacobian(j) for j in range(i + 1, t + 1)), len(self.h_0))
            total = total + np.tensordot(product, self.immediate(i), 1)
        return total
