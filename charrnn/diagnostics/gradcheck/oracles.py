"""Independent ways to a gradient. None of them uses the hand-written backward.

    complex-step   Im L(w + iε) / ε, ε = 1e-30: no subtraction, so exact to rounding  (Squire and Trapp 1998)
    closed-form    the double sum of products of Jacobians, evaluated literally: see closed_form.py
    forward        the derivatives carried forward in time, RTRL: see rtrl.py
    central        (8 (L(w+δ) - L(w-δ)) - (L(w+2δ) - L(w-2δ))) / 12δ: error of order δ⁴; float64, δ = 3e-4

relu has a kink where a unit switches on: there the central difference takes a smaller step, which switches no unit.

An oracle gives the derivatives by some entries of one parameter, or of the state that came in.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from charrnn.diagnostics.gradcheck import rtrl
from charrnn.diagnostics.gradcheck.case import INITIAL_STATE, Case
from charrnn.network.arrays import Array
from charrnn.network.network import Network

ε = 1e-30
δ = 3e-4  # balances the rounding error, 1e-16 / δ, against δ⁴
SMALLEST = 1e-6
NOISE = 1e-5
"""An error of the central difference is relative to at least this: a difference of two losses of some nats, over δ, is
never better than 1e-11; over a smaller step, that much worse."""


class Derivatives(NamedTuple):
    """What an oracle finds for n entries: the derivatives, (n,), and the size of the rounding error in each, (n,)."""

    values: Array
    noise: Array

    @classmethod
    def exact(cls, values: Array) -> "Derivatives":
        """Derivatives whose rounding error is relative to their own size."""
        return cls(values, np.zeros(len(values)))


Oracle = Callable[[Case, str, Array], Derivatives]
"""(case, parameter, flat indices (n,)) -> derivatives (n,)."""


def complex_step(case: Case, parameter: str, indices: Array) -> Derivatives:
    """The derivative by each entry, from one evaluation with that entry moved along the imaginary axis."""
    at = _mover(case, parameter, np.complex128)
    return Derivatives.exact(np.array([at(index, 1j * ε, case.loss).imag / ε for index in indices]))


def central_difference(case: Case, parameter: str, indices: Array) -> Derivatives:
    """The derivative by each entry, from four evaluations around it."""
    at = _mover(case, parameter, np.float64)

    def difference(index: int, by: float) -> float:
        return float(at(index, by, case.loss).real - at(index, -by, case.loss).real)

    def step(index: int) -> float:
        size = δ
        while size > SMALLEST and (at(index, 2 * size, case.units_on) != at(index, -2 * size, case.units_on)).any():
            size /= 4
        return size

    has_kinks = case.units_on(case.network, case.state).size > 0
    steps = [step(index) if has_kinks else δ for index in indices]
    found = [(8 * difference(i, s) - difference(i, 2 * s)) / (12 * s) for i, s in zip(indices, steps, strict=True)]
    return Derivatives(np.array(found), NOISE * δ / np.array(steps))


def closed_form_sum(case: Case, parameter: str, indices: Array) -> Derivatives:
    """The derivative by each entry, from the boxed formula of the derivations."""
    return Derivatives.exact(case.closed_form[parameter].reshape(-1)[indices])


def forward_recursion(case: Case, parameter: str, indices: Array) -> Derivatives:
    """The derivative by each entry, carried forward in time; of a parameter summed over the streams."""
    if parameter != INITIAL_STATE:
        streams = [rtrl.derivatives(run, parameter, indices) for run in case.streams]
        return Derivatives.exact(np.sum(streams, axis=0) * case.weight_mask[parameter].reshape(-1)[indices])
    states, stream_of, units = np.unravel_index(indices, case.state.shape)
    found = np.zeros(len(indices))
    for number, run in enumerate(case.streams):
        own = stream_of == number
        if own.any():
            found[own] = rtrl.derivatives(run, parameter, (states * run.H + units)[own])
    return Derivatives.exact(found)


def _mover(
    case: Case, parameter: str, dtype: DTypeLike
) -> Callable[[int, complex, Callable[[Network, Array], Any]], Any]:
    """A function (index, by, look) -> what `look` returns with one entry moved by `by`; afterwards it is put back."""
    network, state = case.network.astype(dtype), case.state.astype(dtype)
    flat = state.reshape(-1) if parameter == INITIAL_STATE else network.parameters[parameter].reshape(-1)

    def at(index: int, by: complex, look: Callable[[Network, Array], Any]) -> Any:
        kept = flat[index]
        flat[index] += by
        seen = look(network, state)
        flat[index] = kept
        return seen

    return at


ORACLES: dict[str, Oracle] = {
    "complex-step": complex_step,
    "closed-form": closed_form_sum,
    "forward": forward_recursion,
    "central": central_difference,
}
TOLERANCES = {"complex-step": 1e-10, "closed-form": 1e-10, "forward": 1e-10, "central": 1e-6}
FLOORS = {"complex-step": 1e-4, "closed-form": 1e-4, "forward": 1e-4, "central": 1e-2}
"""An error is relative to the entry, but to at least this share of its parameter's largest derivative: smaller entries
drown in the oracle's own rounding."""
