"""A system's numbers in charrnn's form: sequences are (T, B, N), a row for each stream; weights are on the right."""

from dataclasses import replace
from typing import Any

import numpy as np

from charrnn.derivations.complex_step import Array
from charrnn.derivations.systems.mean_loss import MeanLoss
from charrnn.derivations.systems.mini_batch import MiniBatch
from charrnn.derivations.systems.multiple import Multiple
from charrnn.derivations.systems.scalar import Scalar
from charrnn.derivations.systems.vanishing import Recurrence
from charrnn.network.arrays import Ids

System = Any  # an instance of a class of charrnn.derivations.systems


def weights(system: System) -> dict[str, Array]:
    """A system's weights, or gradients in their place, in the form and by the names of a layer of charrnn."""
    match system:
        case Recurrence():
            return {"W_xh": system.W_xh, "W_hh": system.W_hh, "b_h": system.b_h}
        case MiniBatch():
            recurrent = {"W_xh": system.W_xh, "W_hh": system.W_hh, "b_h": system.b_h}
            return {**recurrent, "W_hy": system.W_yh, "b_y": system.b_y}
        case MeanLoss():
            recurrent = {"W_xh": system.W_xh.T, "W_hh": system.W_hh.T, "b_h": system.b_h}
            return {**recurrent, "W_hy": system.W_hy.T, "b_y": system.b_y}
    return {name: np.atleast_2d(w).T for name, w in (("W_xh", system.U), ("W_hh", system.W), ("W_hy", system.V))}


def rows(system: System, values: Array) -> Array:
    """Vectors of several steps, from the system's own form to (T, B, N)."""
    match system:
        case MiniBatch():
            return np.asarray(values)
        case Multiple():
            return np.swapaxes(values, 1, 2)
        case Scalar():
            return values[:, np.newaxis, np.newaxis]
    return values[:, np.newaxis]


def with_inputs(system: System, x: Array) -> System:
    """The same system with other inputs, (T, B, M)."""
    match system:
        case MiniBatch():
            own = x
        case Multiple():
            own = x.swapaxes(1, 2)
        case Scalar():
            own = x[:, 0, 0]
        case _:
            own = x[:, 0]
    return replace(system, **{system.LETTERS.input: own})


def inputs(system: System) -> Array:
    """(T, B, M)"""
    return rows(system, getattr(system, system.LETTERS.input))


def states(system: System) -> Array:
    """After each step, (T, B, H)."""
    return rows(system, _all_states(system)[1:])


def initial_state(system: System) -> Array:
    """(B, H)"""
    return np.asarray(rows(system, _all_states(system)[:1])[0])


def _all_states(system: System) -> Array:
    found = getattr(system, system.LETTERS.state)
    return np.array(list(found.values()) if isinstance(found, dict) else found)


def outputs(system: System) -> Array:
    """The probabilities, (T, B, C)."""
    output = getattr(system, system.LETTERS.output)
    return rows(system, np.array([output(t) for t in system.times]))


def targets(system: System) -> Ids:
    """The next characters, (T, B)."""
    y = rows(system, getattr(system, system.LETTERS.target))
    return np.asarray(y[..., 0] if isinstance(system, Scalar) else y.argmax(axis=-1))


def take_rest(system: System, steps: int) -> System:
    """The rest of a system after some steps; its state there becomes the initial one."""
    letters = system.LETTERS
    rest = {name: getattr(system, name)[steps:] for name in (letters.input, letters.target)}
    return replace(system, **rest, **{letters.initial: _all_states(system)[steps]})
