"""What `derive` computes: it checks equations, walks through one case, or trains a system."""

from collections.abc import Callable, Sequence

import numpy as np

from charrnn.cli.derivations.bridges import measure_bridges
from charrnn.cli.derivations.equation_tables import SystemCheck
from charrnn.cli.derivations.settings import SIZES, make_case, split_settings
from charrnn.cli.derivations.time_estimate import require_a_minute
from charrnn.derivations.case import Case
from charrnn.derivations.documents import System
from charrnn.derivations.equation import judge
from charrnn.derivations.rounding import rounding
from charrnn.derivations.tasks import lessons
from charrnn.derivations.tasks.lessons import Lesson
from charrnn.derivations.walkthrough import EXPLAINED, LIMITS, Walkthrough, walk_through
from charrnn.errors import CheckError


def check(
    systems: Sequence[System], case: Case, seed: int, on_progress: Callable[[float], object]
) -> list[SystemCheck]:
    """Evaluate every equation of the systems on a random case. Raises CheckError for a case that takes too long."""
    require_a_minute(systems, case)
    checked = []
    for done, system in enumerate(systems, start=1):
        instance = system.make(case, np.random.default_rng(seed))
        noise = rounding(instance)
        findings = [judge(equation, noise) for equation in system.equations(instance)]
        checked.append(SystemCheck(system, findings, list(measure_bridges(seed, [system.name]))))
        on_progress(done / len(systems))
    return checked


def explain(system: System, settings: Sequence[str], seed: int) -> Walkthrough:
    """Walk through one tiny case of a system. Raises CheckError for a large one, and if numbers overflow."""
    case = make_case(settings, [system], Case(**EXPLAINED))
    for name, limit in LIMITS.items():
        if (size := getattr(case, name)) > limit:
            raise CheckError(
                f"--explain shows every number: {name}, the number of {SIZES[name]}, is at most {limit}; found {size:,}"
            )
    with np.errstate(all="ignore"):
        walkthrough = walk_through(system.name, system.make(case, np.random.default_rng(seed)))
    if not np.isfinite(walkthrough.backward.difference):
        raise CheckError("--explain: numbers overflow in this case; lower T, set phi_h=tanh, or take another --seed")
    return walkthrough


def train(system: System, settings: Sequence[str], seed: int, on_progress: Callable[[float], object]) -> Lesson:
    """Train a system on something small, with and without clipping. Raises CheckError for a bad setting."""
    chosen = split_settings(settings)
    for key, value in chosen.items():
        try:
            lessons.choose(lessons.TASKS[system.name].DEFAULTS, {key: value})
        except ValueError as error:
            raise CheckError(f"--set {key}={value}: {error}") from None
    try:
        return lessons.train(system.name, seed, chosen, lambda done, total: on_progress(done / total))
    except ValueError as error:
        raise CheckError(f"--train: {error}") from None
