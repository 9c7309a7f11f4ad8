"""Backpropagation through time against independent oracles, parameter by parameter.

The case is one that hides nothing: several steps, several streams, unequal sizes, a state that is not zero, a loss
at every step, float64. (At T = 1 from a zero state half the terms of a backward could be missing unseen.)

The error of an entry is |analytic - numeric| / max(|analytic|, |numeric|, floor · m), with m the largest
derivative of its parameter: relative, but not to a number that is itself only rounding.
"""

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from charrnn.checks.oracles import FLOORS, INITIAL_STATE, NOISE, ORACLES, TOLERANCES, Case
from charrnn.checks.properties import Property
from charrnn.errors import CheckError
from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array
from charrnn.network.network import Network

T, B, V, H = 6, 3, 7, 5


@dataclass(frozen=True)
class Worst:
    """The entry with the largest error, and the two numbers that differ there."""

    index: tuple[int, ...]
    analytic: float
    numeric: float


@dataclass(frozen=True)
class Check:
    """One parameter against one oracle; `entries` of its entries were compared."""

    parameter: str
    shape: tuple[int, ...]
    oracle: str
    entries: int
    max_relative_error: float
    worst: Worst
    passed: bool


@dataclass(frozen=True)
class Report:
    """All checks of a network and its properties."""

    checks: Sequence[Check]
    properties: Sequence[Property]

    @property
    def passed(self) -> bool:
        """True if there were checks, and everything passed."""
        return passed(self.checks) and all(found.passed for found in self.properties)


def passed(checks: Sequence[Check]) -> bool:
    """True if there were checks and all of them passed."""
    return bool(checks) and all(check.passed for check in checks)


def small_case(architecture: Architecture, seed: int) -> Case:
    """A random case for a small network of this kind: V = 7, H = 5, T = 6, B = 3."""
    generator = np.random.default_rng(seed)
    small = replace(architecture, vocab_size=V, hidden_size=H)
    network = Network.fresh(small, generator, np.float64)
    network.parameters.flat[:] += generator.normal(0, 0.3, len(network.parameters))  # biases too
    if architecture.nonlinearity == "relu":
        for name, view in network.parameters.items():
            if name.startswith("b_h"):
                view += 0.5  # five units may all be off, and then nothing is left to check
    return random_window(network, generator)


def random_window(network: Network, generator: np.random.Generator) -> Case:
    """Random characters and a random state for a network of any size."""
    V, network = network.architecture.vocab_size, network.astype(np.float64)
    characters = generator.integers(0, V, (T + 1, B))
    state = generator.uniform(-0.9, 0.9, network.zero_state(B).shape)
    return Case(network, characters[:-1], characters[1:], state)


def beginning_anew(case: Case, seed: int) -> Case:
    """The same, with a state of 0 before every third step or so of a stream, and before one step of all."""
    begins = np.random.default_rng(seed).random(case.inputs.shape) < 1 / 3
    begins[len(begins) // 2] = True
    return replace(case, begins=begins)


def analytic_gradients(case: Case) -> dict[str, Array]:
    """What the hand-written backward says, for every parameter and the state that came in."""
    ws = case.workspace(case.network)
    gradient = case.network.parameters.zeros_like()
    # As in training, the buffers hold another window first: nothing of it may be left in the gradient.
    for inputs, targets in ((case.targets, case.inputs), (case.inputs, case.targets)):
        case.network.forward(inputs, targets, case.state, ws, *case.options)
        dstate = case.network.backward(case.count, ws, gradient, *case.options)
    return {**dict(gradient.items()), INITIAL_STATE: dstate}


def gradcheck(
    case: Case,
    oracles: Sequence[str] = tuple(ORACLES),
    tolerance: float | None = None,
    entries: int | None = None,
    seed: int = 0,
) -> Iterator[Check]:
    """Yield a check for every parameter and oracle. `entries` random ones of each parameter; None is all of them.

    `tolerance` None is each oracle's own. Raises CheckError for an oracle that does not exist.
    """
    require_known(oracles)
    generator = np.random.default_rng(seed)
    for parameter, analytic in analytic_gradients(case).items():
        chosen = _choose(analytic.size, entries, generator)
        for name in oracles:
            numeric = ORACLES[name](case, parameter, chosen)
            yield _compare(parameter, analytic, chosen, name, numeric, tolerance or TOLERANCES[name])


def require_known(oracles: Sequence[str]) -> None:
    """Raise CheckError, with the known ones and the nearest, for an oracle that does not exist."""
    for name in oracles:
        if name not in ORACLES:
            close = difflib.get_close_matches(name, ORACLES, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise CheckError(f"unknown oracle {name!r}; {hint}there are {', '.join(ORACLES)}")


def _choose(size: int, entries: int | None, generator: np.random.Generator) -> Array:
    if entries is None or entries >= size:
        return np.arange(size)
    return np.sort(generator.choice(size, entries, replace=False))


def _compare(parameter: str, analytic: Array, chosen: Array, oracle: str, numeric: Array, tolerance: float) -> Check:
    found = analytic.reshape(-1)[chosen]
    scale = max(NOISE[oracle], FLOORS[oracle] * max(np.abs(analytic).max(), np.abs(numeric).max()))
    size = np.maximum(np.maximum(np.abs(found), np.abs(numeric)), scale)
    error = np.abs(found - numeric) / np.where(size > 0, size, 1)
    at = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
    index = tuple(int(i) for i in np.unravel_index(chosen[at], analytic.shape))
    worst = Worst(index, float(found[at]), float(numeric[at]))
    largest = float(error[at])
    passed = math.isfinite(largest) and largest <= tolerance
    return Check(parameter, analytic.shape, oracle, len(chosen), largest, worst, passed)


def by_parameter(checks: Sequence[Check]) -> Mapping[str, list[Check]]:
    """The checks of each parameter, in the order in which they were made."""
    table: dict[str, list[Check]] = {}
    for check in checks:
        table.setdefault(check.parameter, []).append(check)
    return table
