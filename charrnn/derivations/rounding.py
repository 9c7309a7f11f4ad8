"""How far apart two numbers of a case may be by rounding alone: what a comparison cannot see.

Where a unit is saturated, 1 - s² and ŷ - y are differences of nearly equal numbers: right to the last digit of 1, and not to their own.
Such an error reaches a gradient multiplied with how far the states move with the weights.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from charrnn.derivations.case import from_one
from charrnn.derivations.complex_step import Array, ε
from charrnn.derivations.equation import flat
from charrnn.derivations.functions import BINARY_CROSS_ENTROPY
from charrnn.derivations.walkthrough import LETTERS

LAST_DIGITS = 1e4 * np.finfo(float).eps  # rounding errors add up over steps and units


@np.errstate(all="ignore")  # of a case that overflows
def rounding(system_name: str, instance: Any) -> float:
    """Absolute; infinite where the states are no finite numbers. `instance` is made by the system of that name."""
    moved = replace(instance, **{name: getattr(instance, name) + 1j * ε for name in instance.PARAMETERS})
    states = getattr(moved, LETTERS[system_name].state)
    every = flat(states.values() if isinstance(states, dict) else states)
    largest = np.max([1.0, *np.abs(np.real(every)), *np.abs(np.imag(every) / ε)])
    return float(np.nan_to_num(LAST_DIGITS * largest * np.max(_steepness(instance)), nan=np.inf))


def _steepness(instance: Any) -> Array:
    """1, and |∂ℓ/∂o| where a loss has 1 - o, which is rounded where o is near 1."""
    if getattr(instance, "ell", None) is not BINARY_CROSS_ENTROPY:
        return np.ones(1)
    slopes = [instance.ell.gradient(instance.o(t), from_one(instance.d)[t]) for t in instance.times]
    return np.abs([np.ones_like(slopes[0]), *slopes])
