"""About how long a check of a system's equations takes, before it begins."""

from collections.abc import Iterable
from dataclasses import replace

from charrnn.derivations.case import Case
from charrnn.derivations.durations import in_words
from charrnn.derivations.systems import System
from charrnn.errors import CheckError

SECONDS = 60.0  # allowed
STEP, PRODUCT = 10e-6, 2e-9  # seconds: of a step's calls of NumPy, and of one multiplication
SIZES = ("T", "D", "M", "C", "B")

# How much of each kind of work a system's equations have: parameters moved at each t, and once; Jacobians at all pairs; terms of
# the double sum; the recursion's tensor. Fitted to times of 13 cases on one core of an AMD EPYC, within a factor of 2 but for the
# smallest: that is enough to refuse what would take minutes.
WORK = {
    "mean-loss": (0.49, 2.8, 0.08, 0.15, 3.5),
    "mini-batch": (0.0, 2.5, 0.0, 0.7, 0.0),
    "vanishing": (0.0, 0.0, 0.57, 0.38, 0.03),
    "scalar": (0.23, 12.0, 0.37, 0.0, 0.0),
    "vector": (0.25, 3.4, 0.7, 0.5, 0.0),
    "multiple": (0.03, 1.5, 0.0, 0.7, 0.0),
    "update-rules": (0.08, 6.4, 0.2, 2.0, 5.5),
}


def require_a_minute(systems: Iterable[System], case: Case) -> None:
    """Raises CheckError for sizes that would take longer, with the estimate and what to lower."""
    systems = list(systems)
    needed = seconds(systems, case)
    if needed <= SECONDS:
        return
    read = {name for system in systems for name in system.reads}
    ways = [f"{name}={size}" for name in SIZES if name in read and (size := largest(systems, case, name))]
    enough = f"--set {' or '.join(ways)} is enough" if ways else f"lower {' and '.join(sorted(read & set(SIZES)))}"
    fewer = ", or name one system" if len(systems) > 1 else ""
    raise CheckError(f"these sizes would take about {in_words(needed)}, and a minute is allowed; {enough}{fewer}")


def seconds(systems: Iterable[System], case: Case) -> float:
    """About how long all equations of these systems take on one core."""
    return sum(_seconds(system, case) for system in systems)


def largest(systems: Iterable[System], case: Case, name: str) -> int | None:
    """The largest value of one size, below what it is, that takes a minute at most with all others as they are."""
    low, high = 0, getattr(case, name)
    while high - low > 1:
        middle = (low + high) // 2
        if seconds(systems, replace(case, **{name: middle})) <= SECONDS:
            low = middle
        else:
            high = middle
    return low or None


def _seconds(system: System, case: Case) -> float:
    T, M, D, C, B = (float(getattr(case, name)) if name in system.reads else 1.0 for name in ("T", "M", "D", "C", "B"))
    weights = D * (M + D + C)
    step = STEP + 2 * PRODUCT * B * weights
    work = (
        step * weights * T**2,
        step * weights * T,
        step * D * T**3,
        B * T**3 * (STEP + PRODUCT * D**3),
        PRODUCT / 2 * T**2 * D**3 * (M + D),
    )
    return sum(share * amount for share, amount in zip(WORK[system.name], work, strict=True))
