"""Backpropagation through time against independent oracles, parameter by parameter.

The case hides nothing: several steps, several streams, unequal sizes, a state that is not zero, a loss at every step,
float64. (At T = 1 from a zero state half the terms of a backward pass could be missing unseen.)

The error of an entry is |analytic - numeric| / max(|analytic|, |numeric|, floor · m), with m the largest
derivative of its parameter: relative, but not to a number that is only rounding.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from charrnn.diagnostics.gradcheck.case import INITIAL_STATE, Case
from charrnn.diagnostics.gradcheck.oracles import FLOORS, ORACLES, TOLERANCES, Derivatives
from charrnn.diagnostics.gradcheck.properties import Property
from charrnn.errors import CheckError
from charrnn.network.arrays import Array
from charrnn.words import did_you_mean, plural

PIECE = 64  # entries between two reports of progress


@dataclass(frozen=True)
class Worst:
    """The entry with the largest error, and the two numbers there."""

    index: tuple[int, ...]
    analytic: float
    numeric: float


@dataclass(frozen=True)
class Check:
    """One parameter against one oracle; `entries`: how many of its entries were compared."""

    parameter: str
    shape: tuple[int, ...]
    oracle: str
    entries: int
    max_relative_error: float
    worst: Worst
    passed: bool


@dataclass(frozen=True)
class UncheckedSetting:
    """A configured value that the check does not cover, and why."""

    key: str
    value: object
    why: str


@dataclass(frozen=True, repr=False)
class Report:
    """All checks of a network and its properties.

    `entries` of each parameter were compared (None: all), chosen by `seed`: the same two numbers choose the same
    entries. `checked_with`: the settings that change the gradient in training and were active in the check, by key.
    """

    checks: Sequence[Check]
    properties: Sequence[Property]
    entries: int | None = None
    seed: int = 0
    checked_with: Mapping[str, object] = field(default_factory=dict)
    not_checked: Sequence[UncheckedSetting] = ()

    def __repr__(self) -> str:
        failed = [f"{check.parameter} by {check.oracle}" for check in self.checks if not check.passed]
        failed += [found.name for found in self.properties if not found.passed]
        counts = f"{plural(len(self.checks), 'check')}, {len(self.properties)} properties"
        return f"<gradcheck {'passed' if self.passed else 'FAILED'}: {'; '.join(failed) or counts}>"

    @property
    def passed(self) -> bool:
        """True if there were checks, and everything passed."""
        return all_pass(self.checks) and all(found.passed for found in self.properties)


def all_pass(checks: Sequence[Check]) -> bool:
    """True if there were checks and all of them passed."""
    return bool(checks) and all(check.passed for check in checks)


def analytic_gradients(case: Case) -> dict[str, Array]:
    """The gradients of the hand-written backward, by every parameter and by the state that came in."""
    gradient, dstate = case.gradient()
    return {**dict(gradient.items()), INITIAL_STATE: dstate}


def gradcheck(
    case: Case,
    oracles: Sequence[str] = tuple(ORACLES),
    tolerance: float | None = None,
    entries: int | None = None,
    seed: int = 0,
) -> Iterator[Check]:
    """Yield a check for every parameter and oracle, of `entries` random entries of each parameter (None: all).

    `tolerance`: None is each oracle's own. Raises CheckError for an oracle that does not exist.

    >>> from charrnn.diagnostics.gradcheck.case import small_case
    >>> from charrnn.network.architecture import Architecture
    >>> case = small_case(Architecture(vocab_size=7, hidden_size=5), seed=0)
    >>> [(check.parameter, check.passed) for check in gradcheck(case, ["complex-step"], entries=3)]
    [('W_xh', True), ('W_hh', True), ('b_h', True), ('W_hy', True), ('b_y', True), ('h_0', True)]
    """
    comparison = Comparison(case, oracles, seed)
    comparison.extend(comparison.largest if entries is None else entries)
    return comparison.checks(tolerance)


class Comparison:
    """Derivatives by every oracle, of more and more entries of each parameter, in an order that depends on the seed.

    Biases that stay 0 are left out: they do not learn, and a relu without one is at its kink where its inputs are 0.
    """

    def __init__(self, case: Case, oracles: Sequence[str] = tuple(ORACLES), seed: int = 0) -> None:
        """Nothing is compared yet. Raises CheckError for an oracle that does not exist."""
        for name in oracles:
            if name not in ORACLES:
                known = ", ".join(ORACLES)
                raise CheckError(f"unknown oracle {name!r}; there are {known}{did_you_mean(name, ORACLES)}")
        self._case, self._oracles = case, oracles
        held, found = case.network.architecture.held_biases(), analytic_gradients(case)
        self._analytic = {name: gradient for name, gradient in found.items() if name not in held}
        generator = np.random.default_rng(seed)
        self._order = {name: generator.permutation(gradient.size) for name, gradient in self._analytic.items()}
        self._numeric: dict[tuple[str, str], list[Derivatives]] = {(p, o): [] for p in self._order for o in oracles}
        self.entries = 0  # compared so far, of each parameter that has that many

    @property
    def largest(self) -> int:
        """The entries of the largest parameter."""
        return max(map(len, self._order.values()))

    @property
    def is_complete(self) -> bool:
        """Whether every entry has been compared."""
        return self.entries >= self.largest

    def count(self, entries: int) -> int:
        """The number of derivatives for that many entries of each parameter, over all oracles."""
        return sum(min(len(order), entries) for order in self._order.values()) * len(self._oracles)

    def prepare(self) -> None:
        """Compute what needs to be computed only once."""
        if "closed-form" in self._oracles:
            self._case.closed_form  # noqa: B018 (the case caches it)

    def extend(self, entries: int, on_progress: Callable[[int], object] = lambda done: None) -> None:
        """Compare up to `entries` of each parameter; `on_progress` is called with the number of derivatives done."""
        done = self.count(self.entries)
        for parameter, order in self._order.items():
            chosen = order[self.entries : entries]
            for start in range(0, len(chosen), PIECE):
                piece = chosen[start : start + PIECE]
                for oracle in self._oracles:
                    self._numeric[parameter, oracle].append(ORACLES[oracle](self._case, parameter, piece))
                    done += len(piece)
                    on_progress(done)
        self.entries = max(self.entries, entries)

    def checks(self, tolerance: float | None = None) -> Iterator[Check]:
        """A check for every parameter and oracle, of the entries so far; `tolerance`: None is each oracle's own."""
        for parameter, analytic in self._analytic.items():
            chosen = self._order[parameter][: self.entries]
            for oracle in self._oracles:
                numeric = Derivatives(*map(np.concatenate, zip(*self._numeric[parameter, oracle], strict=True)))
                yield _compare(parameter, analytic, chosen, oracle, numeric, tolerance or TOLERANCES[oracle])


def _compare(
    parameter: str, analytic: Array, chosen: Array, oracle: str, numeric: Derivatives, tolerance: float
) -> Check:
    found = analytic.reshape(-1)[chosen]
    scale = np.maximum(numeric.noise, FLOORS[oracle] * max(np.abs(analytic).max(), np.abs(numeric.values).max()))
    size = np.maximum(np.maximum(np.abs(found), np.abs(numeric.values)), scale)
    error = np.abs(found - numeric.values) / np.where(size > 0, size, 1)
    at = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
    index = tuple(int(i) for i in np.unravel_index(chosen[at], analytic.shape))
    worst = Worst(index, float(found[at]), float(numeric.values[at]))
    largest = float(error[at])
    passed = math.isfinite(largest) and largest <= tolerance
    return Check(parameter, analytic.shape, oracle, len(chosen), largest, worst, passed)


def by_parameter(checks: Sequence[Check]) -> Mapping[str, list[Check]]:
    """The checks of each parameter, in the order in which they were made."""
    table: dict[str, list[Check]] = {}
    for check in checks:
        table.setdefault(check.parameter, []).append(check)
    return table
