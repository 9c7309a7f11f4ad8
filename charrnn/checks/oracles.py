"""Independent ways to a gradient. None of them knows the hand-written backward.

    complex-step   Im L(w + iε) / ε, ε = 1e-30: no subtraction, so exact to rounding  (Squire and Trapp 1998)
    central        (8 (L(w+δ) - L(w-δ)) - (L(w+2δ) - L(w-2δ))) / 12δ: error of order δ⁴; float64, δ = 3e-4

relu has a kink where a unit switches on: there the central difference takes a smaller step, one that switches none.

An oracle is asked for the derivatives by some entries of one parameter, or of the state that came in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network

INITIAL_STATE = "h_0"
ε = 1e-30
δ = 3e-4  # balances the rounding error, 1e-16 / δ, against δ⁴
SMALLEST = 1e-6


@dataclass(frozen=True)
class Case:
    """One window on which gradients are compared: float64 network, (T, B) characters, a state (S, B, H)."""

    network: Network
    inputs: Ids
    targets: Ids
    state: Array

    def loss(self, network: Network, state: Array) -> complex:
        """The mean loss with other weights or another state."""
        return self._run(network, state)[0]

    def units_on(self, network: Network, state: Array) -> Array:
        """Which units are above zero, (T, B, H): where this is the same, relu is linear."""
        return self._run(network, state)[1]

    def _run(self, network: Network, state: Array) -> tuple[complex, Array]:
        ws = network.workspace(*self.inputs.shape)
        loss = complex(network.forward(self.inputs, self.targets, state, ws)) / self.inputs.size
        return loss, ws.layer.h[1:].real > 0


Oracle = Callable[[Case, str, Array], Array]
"""(case, parameter, flat indices (n,)) -> derivatives (n,)."""


def complex_step(case: Case, parameter: str, indices: Array) -> Array:
    """The derivative by each entry, from one evaluation with that entry moved along the imaginary axis."""
    at = _moved(case, parameter, np.complex128)
    return np.array([at(index, 1j * ε, case.loss).imag / ε for index in indices])


def central_difference(case: Case, parameter: str, indices: Array) -> Array:
    """The derivative by each entry, from four evaluations around it."""
    at = _moved(case, parameter, np.float64)

    def difference(index: int, by: float) -> float:
        return float(at(index, by, case.loss).real - at(index, -by, case.loss).real)

    def step(index: int) -> float:
        size = δ
        while size > SMALLEST and (at(index, 2 * size, case.units_on) != at(index, -2 * size, case.units_on)).any():
            size /= 4
        return size

    has_kinks = case.network.architecture.nonlinearity == "relu"
    steps = [step(index) if has_kinks else δ for index in indices]
    return np.array(
        [(8 * difference(i, s) - difference(i, 2 * s)) / (12 * s) for i, s in zip(indices, steps, strict=True)]
    )


def _moved(
    case: Case, parameter: str, dtype: DTypeLike
) -> Callable[[int, complex, Callable[[Network, Array], Any]], Any]:
    """A function (index, by, look) -> what `look` says of the network with one entry moved by so much; it is put back."""
    network, state = case.network.astype(dtype), case.state.astype(dtype)
    flat = state.reshape(-1) if parameter == INITIAL_STATE else network.parameters[parameter].reshape(-1)

    def at(index: int, by: complex, look: Callable[[Network, Array], Any]) -> Any:
        kept = flat[index]
        flat[index] += by
        seen = look(network, state)
        flat[index] = kept
        return seen

    return at


ORACLES: dict[str, Oracle] = {"complex-step": complex_step, "central": central_difference}
TOLERANCES = {"complex-step": 1e-10, "central": 1e-6}
FLOORS = {"complex-step": 1e-4, "central": 1e-2}
"""An error is relative to the entry, but to no less than this share of its parameter's largest derivative: what is
smaller drowns in the oracle's own rounding."""
