"""What each system learns by D3's rules, with and without clipping, and what that shows."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from charrnn.derivations.tasks.descent import Descent, descend, gradients
from charrnn.derivations.tasks.recall import Recall
from charrnn.derivations.tasks.signs import Signs
from charrnn.derivations.tasks.sums import Exploding, Sums
from charrnn.derivations.tasks.task import Settings, Task, Variant
from charrnn.derivations.tasks.texts import RulesText, Text
from charrnn.derivations.tasks.words import Spelling
from charrnn.durations import duration
from charrnn.words import plural

TASKS: dict[str, type[Task]] = {
    "mean-loss": Sums,
    "mini-batch": Recall,
    "vanishing": Exploding,
    "scalar": Signs,
    "vector": Text,
    "multiple": Spelling,
    "update-rules": RulesText,
}
MAX_SECONDS = 60  # of all trainings
TRIES = 3  # updates that are timed
UNCLIPPED, CLIPPED = "unclipped", "clipped"
MAX_VALUES = {"alpha": 1_000, "updates": 1_000_000, "clip": 1_000_000_000, "D": 100}


@dataclass(frozen=True)
class Run:
    """One training: its final loss and score, None if it diverged; gradient norms before clipping."""

    name: str
    loss: float | None
    score: float | None
    updates: int  # made
    clipped: int  # of them
    largest_norm: float
    diverged: bool  # a loss or a gradient is not finite
    losses: tuple[float, ...]  # before each update, on the data of that update


@dataclass(frozen=True)
class Lesson:
    """What should be learned, how, and what was learned. Losses are averaged, on the same data as the score."""

    system: str
    goal: str
    measure: str  # what the score is a share of
    settings: dict[str, float]
    seed: int
    loss: float  # before
    score: float
    runs: tuple[Run, ...]  # unclipped, clipped, and what the print learns
    learned: tuple[str, ...]


def train(
    system: str,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    on_progress: Callable[[int, int], object] | None = None,
) -> Lesson:
    """Train a system by its name. Before each update `on_progress` is called with the updates made, and their total.

    Settings are alpha, updates, clip and D (the scalar system has no D), as numbers or as strings. Raises ValueError
    for a setting that does not exist or is out of range, and for a training that would take more than a minute.
    """
    kind = TASKS[system]
    chosen = choose(kind.DEFAULTS, settings or {})
    _require_quick(kind.make(replace(chosen, updates=TRIES), np.random.default_rng(seed)), chosen.updates)
    task = kind.make(chosen, np.random.default_rng(seed))
    variants = _variants(task)
    descents: dict[str, Descent] = {}
    for variant in variants:

        def batch(n: int, system: Any, before: int = chosen.updates * len(descents)) -> Any:
            if on_progress:
                on_progress(before + n, chosen.updates * len(variants))
            return task.batch(n, system)

        bound = None if variant.name == UNCLIPPED else chosen.clip
        descents[variant.name] = descend(variant.start, batch, chosen.updates, chosen.alpha, bound, variant.rule)
    return _lesson(system, task, chosen, seed, descents)


def _variants(task: Task) -> list[Variant]:
    """All trainings."""
    return [Variant(UNCLIPPED, task.start), Variant(CLIPPED, task.start), *task.variants()]


def choose(defaults: Settings, given: Mapping[str, Any]) -> Settings:
    """The defaults with the given settings. Raises ValueError for an unknown one or a bad value."""
    known = _numbers(defaults)
    for key in given:
        if key not in known:
            raise ValueError(f"there is no setting {key!r} here; there are {', '.join(known)}")
    chosen: dict[str, Any] = {key: _number(key, value, type(known[key])) for key, value in given.items()}
    return replace(defaults, **chosen)


def _numbers(settings: Settings) -> dict[str, Any]:
    """The settings by name, without a D that cannot be chosen."""
    return {name: value for name, value in asdict(settings).items() if value}


def _number(key: str, value: Any, kind: type[float]) -> float:
    """A whole number from 1 if `kind` is int, else any number above 0."""
    wanted = f"{key} must be a {'whole number from 1' if kind is int else 'number above 0,'} up to {MAX_VALUES[key]:,}"
    try:
        number = kind(str(value).replace("_", "?"))  # Python reads 1_0 as 10
    except ValueError:
        raise ValueError(f"{wanted}; found {value}") from None
    if not 0 < number <= MAX_VALUES[key]:
        raise ValueError(f"{wanted}; found {value}")
    return number


def _require_quick(task: Task, updates: int) -> None:
    """Raises ValueError if all runs would take more than a minute, by the time of one update."""
    seconds = min(_seconds_of_an_update(task, n) for n in range(TRIES)) * len(_variants(task))
    if updates * seconds > MAX_SECONDS:
        raise ValueError(
            f"{updates:,} updates would take about {duration(updates * seconds)}; "
            f"updates={MAX_SECONDS / seconds:.0f} would take a minute"
        )


def _seconds_of_an_update(task: Task, n: int) -> float:
    begin = perf_counter()
    gradients(task.batch(n, task.start))
    return perf_counter() - begin


@np.errstate(all="ignore")  # a run may have diverged
def _lesson(system: str, task: Task, chosen: Settings, seed: int, descents: Mapping[str, Descent]) -> Lesson:
    runs = {name: _run(name, task, descent) for name, descent in descents.items()}
    before = _loss(task, task.start)
    clipping = _of_clipping(before, runs[UNCLIPPED], runs[CLIPPED], chosen)
    return Lesson(
        system=system,
        goal=task.GOAL,
        measure=task.MEASURE,
        settings=_numbers(chosen),
        seed=seed,
        loss=before,
        score=task.score(task.start),
        runs=tuple(runs.values()),
        learned=(*([] if runs[CLIPPED].diverged else task.describe(descents)), clipping),
    )


def _run(name: str, task: Task, descent: Descent) -> Run:
    loss, score = _loss(task, descent.system), task.score(descent.system)
    diverged = descent.diverged or not math.isfinite(loss) or not math.isfinite(score)
    return Run(
        name=name,
        loss=None if diverged else loss,
        score=None if diverged else score,
        updates=descent.updates,
        clipped=descent.clipped,
        largest_norm=max((norm for norm in descent.norms if math.isfinite(norm)), default=math.inf),
        diverged=diverged,
        losses=descent.losses,
    )


def _loss(task: Task, system: Any) -> float:
    return float(task.test(system).loss())


def _of_clipping(before: float, unclipped: Run, clipped: Run, chosen: Settings) -> str:
    """What clipping did, in a sentence or two. A loss is None if the training diverged."""
    bound, smaller = f"{chosen.clip:g}", "try a smaller clip, or a smaller alpha."
    if clipped.loss is None:
        return f"Clipped at {bound}, it diverges too: {smaller}"
    if not clipped.clipped:
        return f"No gradient is longer than {bound}: clipping makes no difference."
    if unclipped.loss is None:
        diverges = f"Unclipped, it diverges: after {plural(unclipped.updates, 'update')} the loss or its gradient is not finite."
        if clipped.loss < before:
            return f"{diverges} Clipping at {bound} prevents that: the loss was {before:.2g}, and ends at {clipped.loss:.2g}."
        return f"{diverges} Clipped at {bound}, the loss was {before:.2g}, and ends at {clipped.loss:.2g}: {smaller}"
    return (
        f"Clipping at {bound} shortens {clipped.clipped} of {clipped.updates} gradients. The loss ends at {clipped.loss:.2g} with it, "
        f"and at {unclipped.loss:.2g} without."
    )
