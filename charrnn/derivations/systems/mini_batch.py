"""D1: a mini-batch of m instances, biases, tanh or logistic units, a softmax; stacked or separate weights.

    h_t = φ_h(X_t W_xh + h_{t-1} W_hh + b_h) = φ_h([X_t h_{t-1}] W + b_h),   W = [W_xh; W_hh]
    o_t = h_t W_yh + b_y,   ŷ_t = softmax(o_t)
    L   = Σ_t L_t = -Σ_t y_t log ŷ_t, summed over the instances

An instance is a row: X_t is (m, n_inputs), h_t is (m, n_neurons), and ŷ_t is (m, C). The document does not number its
equations. It derives ∂L_{t+1}/∂W for one step, then for two, then as a sum over all steps k = 1 ... t + 1. It writes
∂h/∂W both for the total derivative and for the immediate one, at fixed h_{t-1}: the sum holds with the immediate one;
one step, and the two of W_xh, hold if the last ∂h/∂W is total. Its shapes of W_yh, b_y and y_t hold if there are as
many classes as neurons. It does not derive the gradient of b_h. Its Jacobians are in `vanishing`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from charrnn.derivations import functions
from charrnn.derivations.case import Case, from_one
from charrnn.derivations.complex_step import Array
from charrnn.derivations.functions import Activation, cross_entropy, softmax
from charrnn.derivations.systems.recurrent import Letters, Recurrent, latest_first


@dataclass(frozen=True)
class MiniBatch(Recurrent):
    """The system, with its numbers."""

    LETTERS: ClassVar = Letters(input="X", state="h", initial="h_0", output="ŷ", target="y", loss="L", total="L")
    PARAMETERS: ClassVar = ("W_xh", "W_hh", "b_h", "W_yh", "b_y")
    RECURRENT: ClassVar = "W_hh"

    X: Array  # (T, m, n_inputs): X_1 ... X_T, real vectors or one-hot
    y: Array  # (T, m, C), one-hot
    W_xh: Array  # (n_inputs, n_neurons)
    W_hh: Array  # (n_neurons, n_neurons)
    b_h: Array  # (n_neurons,)
    W_yh: Array  # (n_neurons, C)
    b_y: Array  # (C,)
    h_0: Array  # (m, n_neurons), given
    φ_h: Activation = functions.TANH
    averaged: bool = False  # True: the loss is averaged over steps and instances

    @classmethod
    def random(cls, case: Case, random: np.random.Generator) -> "MiniBatch":
        """Random numbers of a case's sizes."""
        return cls(
            X=case.inputs(random, case.T, case.B),
            y=case.labels(random, case.T, case.B),
            W_xh=case.weights(random, case.M, case.D),
            W_hh=case.weights(random, case.D, case.D),
            b_h=case.weights(random, case.D),
            W_yh=case.weights(random, case.D, case.C),
            b_y=case.weights(random, case.C),
            h_0=case.initial(random, case.B, case.D),
            φ_h=functions.ACTIVATIONS[case.φ_h],
            averaged=case.averages(False),
        )

    @property
    def m(self) -> int:
        """Instances in the mini-batch."""
        return self.X.shape[1]

    @property
    def N(self) -> int:
        """What the summed loss is divided by."""
        return self.T * self.m if self.averaged else 1

    # ------------------------------------------------------------ forward

    def a(self, t: int, h: Array) -> Array:
        """The argument of φ_h, given h_{t-1}."""
        return from_one(self.X)[t] @ self.W_xh + h @ self.W_hh + self.b_h

    @cached_property
    def h(self) -> list[Array]:
        """h_0 ... h_T"""
        h = [self.h_0]
        for t in self.times:
            h.append(self.φ_h.value(self.a(t, h[t - 1])))
        return h

    def ŷ(self, t: int) -> Array:
        """The probabilities at t."""
        return softmax(self.h[t] @ self.W_yh + self.b_y)

    def L(self, t: int) -> Array:
        """The loss at t alone, summed over the instances."""
        return cross_entropy(self.ŷ(t), from_one(self.y)[t])

    def loss(self) -> Array:
        """L = Σ_t L_t, or that averaged."""
        return np.asarray(sum(self.L(t) for t in self.times) / self.N)

    # ------------------------------------------------------------ the derivatives at one step

    def dL_by_do(self, t: int) -> Array:
        """∂L_t/∂ŷ_t ∂ŷ_t/∂o_t = ŷ_t - y_t, (m, C)."""
        return self.ŷ(t) - from_one(self.y)[t]

    def dL_by_dh(self, t: int) -> Array:
        """∂L_t/∂ŷ_t ∂ŷ_t/∂h_t, (m, n_neurons)."""
        return self.dL_by_do(t) @ self.W_yh.T

    @cached_property
    def slopes(self) -> list[Any]:
        """φ'_h at 1 ... T, each (m, n_neurons), counted from 1."""
        return from_one(np.array([self.φ_h.slope(self.a(t, self.h[t - 1])) for t in self.times]))

    def jacobian(self, t: int, i: int) -> Array:
        """∂h_t/∂h_{t-1} of instance i, taken as columns: diag(φ'_h) W_hhᵀ."""
        return np.diag(self.slopes[t][i]) @ self.W_hh.T

    def product(self, t: int, k: int, i: int) -> Array:
        """∂h_t/∂h_k = ∂h_t/∂h_{t-1} ... ∂h_{k+1}/∂h_k of instance i."""
        return latest_first((self.jacobian(j, i) for j in range(k + 1, t + 1)), len(self.W_hh))

    def backward(self, t: int, k: int) -> Array:
        """∂L_t/∂ŷ_t ∂ŷ_t/∂h_t ∂h_t/∂h_k, (m, n_neurons)."""
        rows = self.dL_by_dh(t)
        return np.array([rows[i] @ self.product(t, k, i) for i in range(self.m)])

    def term(self, t: int, k: int, parameter: str) -> Array:
        """∂L_t/∂ŷ_t ∂ŷ_t/∂h_t ∂h_t/∂h_k ∂h_k/∂W, with ∂h_k/∂W at fixed h_{k-1}; summed over the instances."""
        rows = self.backward(t, k) * self.slopes[k]
        match parameter:
            case "W_hh":
                share = self.h[k - 1].T @ rows
            case "W_xh":
                share = from_one(self.X)[k].T @ rows
            case _:
                share = rows.sum(axis=0)
        return share / self.N

    # ------------------------------------------------------------ the gradients

    def dL_by_dw(self, t: int, parameter: str) -> Array:
        """∂L_t/∂w = Σ_{k=1..t} of the terms."""
        return np.asarray(sum(self.term(t, k, parameter) for k in range(1, t + 1)))

    def gradient(self, parameter: str) -> Array:
        """∂L/∂w, summed over the whole sequence."""
        match parameter:
            case "W_yh":
                return np.asarray(sum(self.h[t].T @ self.dL_by_do(t) for t in self.times) / self.N)
            case "b_y":
                return np.asarray(sum(self.dL_by_do(t).sum(axis=0) for t in self.times) / self.N)
        return np.asarray(sum(self.dL_by_dw(t, parameter) for t in self.times))

    # ------------------------------------------------------------ as printed

    def printed_from_1(self, parameter: str) -> Array:
        """Σ_t ∂L_{t+1}/∂w with t from 1: L_1 is missing; L_{T+1} does not exist, and is left out."""
        total = np.zeros_like(getattr(self, parameter))
        for t in range(1, self.T):
            total = total + self.dL_by_dw(t + 1, parameter)
        return total


def stacked_states(rnn: MiniBatch, below: Array) -> Array:
    """h_1 ... h_T by one product a step, of [X_t h_{t-1}] with W = [W_xh; below]."""
    W = np.vstack([rnn.W_xh, below])
    return rnn.φ_h.value(np.concatenate([rnn.X, rnn.h[:-1]], axis=2) @ W + rnn.b_h)
