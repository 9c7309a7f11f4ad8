"""The largest difference that rounding alone may make between two numbers of a case.

If a unit is saturated, 1 - s² and ŷ - y are differences of nearly equal numbers: right to the last digit of 1, not to
their own. Such an error reaches a gradient multiplied by how far the states move with the weights.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from charrnn.derivations.case import from_one
from charrnn.derivations.complex_step import Array, ε
from charrnn.derivations.functions import BINARY_CROSS_ENTROPY

LAST_DIGITS = 1e4 * np.finfo(float).eps  # rounding errors add up over steps and units


@np.errstate(all="ignore")  # in a case that overflows
def rounding(system: Any) -> float:
    """That difference, absolute; infinite if the states are not finite."""
    moved = replace(system, **{name: _moved(getattr(system, name)) for name in system.PARAMETERS})
    states = getattr(moved, moved.LETTERS.state)
    every = states.values() if isinstance(states, dict) else states
    largest = np.max([1.0, *(np.max([np.abs(np.real(h)), np.abs(np.imag(h) / ε)]) for h in every)])
    return float(np.nan_to_num(LAST_DIGITS * largest * _steepest_loss(system), nan=np.inf))


def _moved(w: Array) -> Array:
    moved = np.array(w, complex)
    moved.imag = ε
    return moved


def _steepest_loss(instance: Any) -> float:
    """At least 1; |∂ℓ/∂o| of a loss with 1 - o, which is rounded where o is near 1."""
    slopes = [1.0]
    if getattr(instance, "ell", None) is BINARY_CROSS_ENTROPY:
        for t in instance.times:
            slopes.append(np.abs(instance.ell.gradient(instance.o(t), from_one(instance.d)[t])).max())
    return max(slopes)
