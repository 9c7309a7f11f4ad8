"""D1, second half: products of Jacobians, why they vanish or explode, and what clipping does.

    ∂h_t/∂h_k = ∂h_t/∂h_{t-1} ... ∂h_{k+1}/∂h_k,   ∂h_{j+1}/∂h_j = diag(φ'_h(W_xhᵀ X_{j+1} + W_hhᵀ h_j + b_h)) W_hhᵀ

One instance, columns. The document has W_hh for W_hhᵀ there. It judges by the dominant eigenvalue of W_hh alone, which
is right only for a linear network in the long run: where units are off or flat, their slopes decide as well. And it
says that the derivative of tanh is at most 0.25, which is the logistic function's. With γ, the largest |φ'_h| (1 for
tanh), and σ, the largest singular value of W_hh:

    ‖∂h_t/∂h_k‖ ≤ (γ σ)^{t-k}

so that γ σ < 1 is sufficient for gradients to vanish, and γ σ > 1 is necessary, not sufficient, for them to explode:
R. Pascanu, T. Mikolov and Y. Bengio, On the difficulty of training recurrent neural networks (2013), section 2.1, which
the document quotes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from charrnn.derivations import functions
from charrnn.derivations.case import Case, from_one
from charrnn.derivations.complex_step import Array
from charrnn.derivations.equation import flat
from charrnn.derivations.functions import Activation
from charrnn.derivations.systems.recurrent import Letters, Recurrent, earliest_first, latest_first


@dataclass(frozen=True)
class Recurrence(Recurrent):
    """The recurrent part of the system, with its numbers. It has no loss."""

    LETTERS: ClassVar = Letters(input="X", state="h", initial="h_0")
    PARAMETERS: ClassVar = ("W_xh", "W_hh", "b_h")

    X: Array  # (T, n_inputs)
    W_xh: Array  # (n_inputs, n_neurons)
    W_hh: Array  # (n_neurons, n_neurons)
    b_h: Array  # (n_neurons,)
    h_0: Array  # (n_neurons,)
    φ_h: Activation = functions.TANH

    @classmethod
    def random(cls, case: Case, random: np.random.Generator) -> "Recurrence":
        """Random numbers of a case's sizes."""
        return cls(
            X=case.inputs(random, case.T),
            W_xh=case.weights(random, case.M, case.D),
            W_hh=case.weights(random, case.D, case.D),
            b_h=case.weights(random, case.D),
            h_0=case.initial(random, case.D),
            φ_h=functions.ACTIVATIONS[case.φ_h],
        )

    def a(self, j: int, h: Array) -> Array:
        """The argument of φ_h at step j, given the state before."""
        return self.W_xh.T @ from_one(self.X)[j] + self.W_hh.T @ h + self.b_h

    def run(self, k: int, h: Array) -> list[Array]:
        """The states h_k ... h_T, from a given h_k on."""
        h_s = [h]
        for j in range(k + 1, self.T + 1):
            h_s.append(self.φ_h.value(self.a(j, h_s[-1])))
        return h_s

    @cached_property
    def h(self) -> list[Array]:
        """h_0 ... h_T"""
        return self.run(0, self.h_0)

    def slopes(self, j: int) -> Array:
        """diag(φ'_h) at step j."""
        return self.φ_h.jacobian(self.a(j, self.h[j - 1]))

    def jacobian(self, j: int) -> Array:
        """∂h_j/∂h_{j-1}"""
        return self.slopes(j) @ self.W_hh.T

    def product(self, t: int, k: int) -> Array:
        """∂h_t/∂h_k: the latest step first."""
        return latest_first((self.jacobian(j) for j in range(k + 1, t + 1)), len(self.h_0))

    def printed_rising(self, t: int, k: int) -> Array:
        """Π_{j=k..t-1} from left to right: the earliest step first."""
        return earliest_first((self.jacobian(j) for j in range(k + 1, t + 1)), len(self.h_0))

    def printed_jacobian(self, j: int) -> Array:
        """With W_hh, though the forward pass has W_hhᵀ."""
        return self.slopes(j) @ self.W_hh

    def printed_product(self, t: int, k: int) -> Array:
        """The product of those."""
        return latest_first((self.printed_jacobian(j) for j in range(k + 1, t + 1)), len(self.h_0))


def dominant(W: Array) -> float:
    """The dominant eigenvalue's magnitude, |λ_1|."""
    return float(np.abs(np.linalg.eigvals(W)).max())


def largest_singular_value(W: Array) -> float:
    """σ, the factor by which W lengthens a vector at most."""
    return float(np.linalg.norm(W, 2))


def bounds(rate: float, n: int) -> Array:
    """rate, rate², ... rate^n"""
    return rate ** np.arange(1.0, n + 1)


def growth(rnn: Recurrence) -> Array:
    """‖∂h_n/∂h_0‖ for n = 1 ... T: the factor by which a change of h_0 grows at most."""
    return np.array([largest_singular_value(rnn.product(n, 0)) for n in rnn.times])


def clip(gradients: Mapping[str, Array], m: float) -> dict[str, Array]:
    """g · min(1, m / ‖g‖), with the norm ‖g‖ of all gradients together: the direction is kept."""
    norm = float(np.linalg.norm(flat(gradients.values())))
    return {name: g * min(1.0, m / norm) if norm else g for name, g in gradients.items()}


def one_unit_off(rnn: Recurrence) -> Recurrence:
    """Two relu units, one on at 1, one off; both eigenvalues of W_hhᵀ = [[1.5, 1.5], [-1.5, -1.5]] are 0."""
    X, h_0 = np.zeros((rnn.T, 1)), np.array([1.0, 0.0])
    W_hh, b_h = np.array([[1.5, -1.5], [1.5, -1.5]]), np.array([-0.5, 0.0])
    return Recurrence(X, np.zeros((1, 2)), W_hh, b_h, h_0, functions.RELU)


def saturate(rnn: Recurrence) -> Recurrence:
    """tanh, with every eigenvalue 1.5, and inputs that keep the units where tanh is flat."""
    n = len(rnn.h_0)
    return replace(rnn, φ_h=functions.TANH, W_hh=1.5 * np.eye(n), b_h=np.full(n, 5.0), W_xh=np.zeros_like(rnn.W_xh))
