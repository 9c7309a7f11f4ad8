"""Independent ways to a gradient. None of them knows the hand-written backward.

    complex-step   Im L(w + iε) / ε, ε = 1e-30: no subtraction, so exact to rounding  (Squire and Trapp 1998)
    central        (8 (L(w+δ) - L(w-δ)) - (L(w+2δ) - L(w-2δ))) / 12δ: error of order δ⁴; float64, δ = 1e-4

An oracle is asked for the derivatives by some entries of one parameter, or of the state that came in.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network

INITIAL_STATE = "h_0"
ε = 1e-30
δ = 1e-4  # balances the rounding error, 1e-16 / δ, against δ⁴


@dataclass(frozen=True)
class Case:
    """One window on which gradients are compared: float64 network, (T, B) characters, a state (S, B, H)."""

    network: Network
    inputs: Ids
    targets: Ids
    state: Array

    def loss(self, network: Network, state: Array) -> complex:
        """The mean loss with other weights or another state."""
        ws = network.workspace(*self.inputs.shape)
        return complex(network.forward(self.inputs, self.targets, state, ws)) / self.inputs.size


Oracle = Callable[[Case, str, Array], Array]
"""(case, parameter, flat indices (n,)) -> derivatives (n,)."""


def complex_step(case: Case, parameter: str, indices: Array) -> Array:
    """The derivative by each entry, from one evaluation with that entry moved along the imaginary axis."""
    loss_at = _moved(case, parameter, np.complex128)
    return np.array([loss_at(index, 1j * ε).imag / ε for index in indices])


def central_difference(case: Case, parameter: str, indices: Array) -> Array:
    """The derivative by each entry, from four evaluations around it."""
    loss_at = _moved(case, parameter, np.float64)

    def difference(index: int, by: float) -> float:
        return loss_at(index, by).real - loss_at(index, -by).real

    return np.array([(8 * difference(index, δ) - difference(index, 2 * δ)) / (12 * δ) for index in indices])


def _moved(case: Case, parameter: str, dtype: DTypeLike) -> Callable[[int, complex], complex]:
    """A function (index, by) -> the loss with one entry moved by so much, and put back."""
    network, state = case.network.astype(dtype), case.state.astype(dtype)
    flat = state.reshape(-1) if parameter == INITIAL_STATE else network.parameters[parameter].reshape(-1)

    def loss_at(index: int, by: complex) -> complex:
        kept = flat[index]
        flat[index] += by
        loss = case.loss(network, state)
        flat[index] = kept
        return loss

    return loss_at


ORACLES: dict[str, Oracle] = {"complex-step": complex_step, "central": central_difference}
TOLERANCES = {"complex-step": 1e-10, "central": 1e-6}
