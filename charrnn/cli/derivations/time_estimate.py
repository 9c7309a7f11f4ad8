"""Estimate the time and the memory of a check of a system's equations, before it starts."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from charrnn.derivations.case import Case
from charrnn.derivations.documents import System
from charrnn.durations import duration
from charrnn.errors import CheckError

SECONDS, BYTES = 60.0, 2e9  # allowed
STEP, PRODUCT = 10e-6, 2e-9  # seconds: for the NumPy calls of a step, and for one multiplication
NUMBER = 2e-7  # seconds: to make a number of the case
COPIES = 24  # bytes a number: as it is, and as a moved complex number
SIZES = ("T", "D", "M", "C", "B")

# How much of each kind of work a system's equations take: parameters moved at each t, and once; Jacobians at all pairs;
# terms of the double sum; the tensor of the recursion; initial states moved. Fitted to 13 cases on one core of an AMD
# EPYC, within a factor of 2 except for the smallest: enough to refuse what would take minutes.
WORK = {
    "mean-loss": (0.49, 2.8, 0.08, 0.15, 3.5, 0.0),
    "mini-batch": (0.0, 2.5, 0.0, 0.7, 0.0, 0.0),
    "vanishing": (0.0, 0.0, 0.57, 0.38, 0.03, 0.0),
    "scalar": (0.23, 12.0, 0.37, 0.0, 0.0, 0.0),
    "vector": (0.25, 3.4, 0.7, 0.5, 0.0, 0.0),
    "multiple": (0.03, 1.5, 0.0, 0.7, 0.0, 1.0),
    "update-rules": (0.08, 6.4, 0.2, 2.0, 5.5, 0.0),
}


def require_a_minute(systems: Iterable[System], case: Case) -> None:
    """Raises CheckError if the check would take more time or memory than allowed; it says what to lower."""
    systems = list(systems)
    seconds, needed = cost(systems, case)
    if seconds <= SECONDS and needed <= BYTES:
        return
    too_much = f"{needed / 1e9:,.1f} GB of memory, and {BYTES / 1e9:g} are"
    if seconds > SECONDS:
        too_much = f"{duration(seconds)}, and a minute is"
    read = {name for system in systems for name in system.reads}
    ways = [f"{name}={size}" for name in SIZES if name in read and (size := largest(systems, case, name))]
    enough = f"--set {' or '.join(ways)} is enough" if ways else f"lower {' and '.join(sorted(read & set(SIZES)))}"
    fewer = ", or name one system" if len(systems) > 1 else ""
    raise CheckError(f"these sizes would take about {too_much} allowed; {enough}{fewer}")


def cost(systems: Iterable[System], case: Case) -> tuple[float, float]:
    """The seconds that all equations of these systems take on one core, and the bytes of the largest system."""
    seconds, needed = zip(*(_cost(system, case) for system in systems), strict=True)
    return sum(seconds), max(needed)


def largest(systems: Sequence[System], case: Case, name: str) -> int | None:
    """The largest smaller value of one size that is allowed, all others unchanged; None if there is none."""
    low, high = 0, getattr(case, name)
    while high - low > 1:
        middle = (low + high) // 2
        seconds, needed = cost(systems, replace(case, **{name: middle}))
        if seconds <= SECONDS and needed <= BYTES:
            low = middle
        else:
            high = middle
    return low or None


def _cost(system: System, case: Case) -> tuple[float, float]:
    """Of one system: seconds; and bytes, of its inputs, its weights, and its tensors."""
    T, M, D, C, B = (float(getattr(case, name)) if name in system.reads else 1.0 for name in ("T", "M", "D", "C", "B"))
    weights = D * (M + D + C)
    step = STEP + 2 * PRODUCT * B * weights
    work = (
        step * weights * T**2,
        step * weights * T,
        step * D * T**3,
        B * T**3 * (STEP + PRODUCT * D**3),
        PRODUCT / 2 * T**2 * D**3 * (M + D),
        step * T * D * B,
    )
    shares = WORK[system.name]
    seconds = NUMBER * (T * M * B + weights) + sum(share * amount for share, amount in zip(shares, work, strict=True))
    tensors = T * D**2 * (M + D) if shares[4] > 1 else 0.0
    return seconds, COPIES * (T * M * B + weights + tensors + T**2 * D**2)
