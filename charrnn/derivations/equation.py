"""An equation of a document: what it says, what it gives as printed and as corrected, and how wrong that is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.derivations.complex_step import Array

TOLERANCE = 1e-10  # relative; what holds is at rounding, about 1e-15
EXACT = 0.0  # rounding
MISFIT = "shapes do not fit"
NOT_FINITE = "no finite number"
ABSENT = "not in the document"
SATURATED = "saturated: nothing to compare here"
OVERFLOWS = "overflows here"


@dataclass(frozen=True)
class Equation:
    """`printed` is None where the document has a gap; `corrected` is None where the print holds.

    Each returns its numbers when called; `truth` is the complex step, or what the equation must equal by definition.
    """

    number: str
    says: str
    truth: Callable[[], Array]
    printed: Callable[[], Array] | None
    corrected: Callable[[], Array] | None = None
    right: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether a form of an equation holds, and its relative error, or the reason why it has none.

    Some cases cannot decide it: then `holds` is False, and `open` is True.
    """

    holds: bool
    error: float | None = None
    reason: str = ""

    @property
    def open(self) -> bool:
        """Whether this case cannot decide it."""
        return self.reason in (SATURATED, OVERFLOWS)


@dataclass(frozen=True)
class Finding:
    """An equation, judged."""

    number: str
    says: str
    right: str
    printed: Verdict
    corrected: Verdict | None

    @property
    def passed(self) -> bool:
        """True if the print or its corrected form holds, or if this case cannot decide it."""
        decisive = self.corrected or self.printed
        return decisive.holds or decisive.open


def judge(equation: Equation, rounding: float = EXACT) -> Finding:
    """Evaluate an equation as printed and as corrected, and compare both with the truth.

    `rounding` is the largest difference that rounding alone may make in this case: smaller ones decide nothing.
    """
    with np.errstate(all="ignore"):
        truth = np.asarray(equation.truth())
        printed = _verdict(equation.printed, truth, rounding) if equation.printed else Verdict(False, reason=ABSENT)
        corrected = _verdict(equation.corrected, truth, rounding) if equation.corrected else None
    return Finding(equation.number, equation.says, equation.right, printed, corrected)


def relative_error(found: Array, truth: Array) -> float:
    """The largest difference, divided by the largest entry of the truth; infinite if one is not finite.

    Raises ValueError if the shapes differ.

    >>> relative_error(np.array([1.0, 3.0]), np.array([1.0, 4.0]))
    0.25
    """
    if found.shape != truth.shape:
        raise ValueError(f"{found.shape} is compared with {truth.shape}")
    difference, scale = np.abs(found - truth).max(), np.abs(truth).max()
    if not np.isfinite(difference):
        return float("inf")
    return float(difference / scale) if scale else float(difference)


def at_each(places: Iterable[Any], f: Callable[..., Array]) -> Callable[[], Array]:
    """A function that returns f at each of these times, or pairs of times, as one array."""
    return lambda: np.array([f(*place) if isinstance(place, tuple) else f(place) for place in places])


def flat(arrays: Iterable[Array]) -> Array:
    """Several arrays as one vector."""
    return np.concatenate([np.ravel(array) for array in arrays])


def sizes(*arrays: Array) -> Array:
    """The shapes of several arrays, one after the other."""
    return np.array([n for array in arrays for n in array.shape])


def _verdict(form: Callable[[], Array], truth: Array, rounding: float) -> Verdict:
    too_large: list[str] = []
    try:
        with np.errstate(over="call", under="call", call=lambda kind, _: too_large.append(kind)):
            found = np.asarray(form())
        error = relative_error(found, truth)
    except ValueError:  # from NumPy: the shapes do not fit
        return Verdict(False, reason=MISFIT)
    if not np.isfinite(truth).all() or (error == float("inf") and too_large):
        return Verdict(False, reason=OVERFLOWS)
    if error == float("inf"):
        return Verdict(False, reason=NOT_FINITE)
    if error < TOLERANCE:
        return Verdict(True, error)
    if np.abs(found - truth).max() < rounding:
        return Verdict(False, reason=SATURATED)
    return Verdict(False, error)
