"""From a time budget to a number of steps, and from a plan to its seconds, by timing some steps of the training here,
which are then discarded.
"""

import math
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from charrnn.config.section import MAX_STEPS as ENDLESS
from charrnn.durations import short_duration
from charrnn.errors import DivergedError, OptionError, RunError
from charrnn.runs import run as runs
from charrnn.runs.planning.plan import MAX_EVAL_EVERY, VALIDATIONS, Plan
from charrnn.runs.recovery import LOWER_RATE
from charrnn.stages import OnStage, ignore_stage
from charrnn.training.events import Evaluated, Event, Finished, Flowed, Stepped
from charrnn.training.parallel.communicator import Communicator
from charrnn.words import parameter, plural

MEASURING_SHARE = 0.05  # of the budget
MIN_MEASURING, MAX_MEASURING = 0.5, 10.0  # seconds
WARM_UP = 0.4  # of the measured time, in which no step counts: processors take seconds to reach their speed
MAX_VALIDATION_SHARE = 0.2  # of the time, for the validations of a plan that no interval is given for
MEASURING = "measuring how fast this machine is"
VALIDATING = "measuring how long a validation takes"


class StepBudget(NamedTuple):
    """The steps that fit into a time, and a note about it. `eval_every`: None where the plan's own will do."""

    steps: int
    note: str
    eval_every: int | None = None


def steps_within(plan: Plan, seconds: float, began: float, on_stage: OnStage = ignore_stage) -> StepBudget:
    """The number of steps that end `seconds` after `began` on the clock of time.perf_counter.

    Raises OptionError for `seconds` that are not a finite number above 0, or too few for one step; RunError if no
    temporary folder can be written; and DivergedError.
    """
    if not 0 < seconds < math.inf:
        raise OptionError(f"{parameter('seconds')}: {seconds:g} s: must be a finite number above 0")
    cost = _measure_cost(plan, min(max(MEASURING_SHARE * seconds, MIN_MEASURING), MAX_MEASURING), on_stage)
    left = plan.ranks.on_root(lambda: seconds - (time.perf_counter() - began) - cost.start - cost.validation)
    steps, every = _divide(left, cost, plan.config.training.eval_every)
    if steps < 1:
        raise OptionError(
            f"{parameter('seconds')}: {short_duration(seconds)} is too short for one step ({short_duration(cost.step)}) and a validation; give more time"
        )
    note = f"{short_duration(seconds)} is time for {plural(steps, 'step')} here, at {short_duration(cost.step)} each"
    return StepBudget(steps, note, every)


def training_seconds(plan: Plan, on_stage: OnStage = ignore_stage) -> float:
    """About how many seconds the training of a plan would take here, from a short measurement.

    Raises RunError if no temporary folder can be written, and DivergedError.
    """
    cost = _measure_cost(plan, MIN_MEASURING, on_stage)
    validations = -(-plan.steps // plan.eval_every)
    return plan.ranks.on_root(lambda: cost.start + plan.steps * cost.step + validations * cost.validation)


class StepCost(NamedTuple):
    """The seconds of a step, of a validation with what belongs to it, and until the first step."""

    step: float
    validation: float
    start: float


def _divide(seconds: float, cost: StepCost, eval_every: int | None) -> tuple[int, int | None]:
    """The steps that fit into `seconds` with their validations, and the steps between those, if the validations that a
    plan makes of itself would take too large a share.
    """
    if eval_every is not None:
        return min(ENDLESS, int(seconds / (cost.step + cost.validation / eval_every))), None
    affordable = MAX_VALIDATION_SHARE * seconds / cost.validation if cost.validation else VALIDATIONS
    validations = max(1, min(VALIDATIONS, int(affordable)))
    often = (seconds - validations * cost.validation) / cost.step
    steps = min(ENDLESS, int(min(often, seconds / (cost.step + cost.validation / MAX_EVAL_EVERY))))
    return steps, None if validations == VALIDATIONS else math.ceil(max(1, steps) / validations)


def _measure_cost(plan: Plan, seconds: float, on_stage: OnStage = ignore_stage) -> StepCost:
    """Train for `seconds` in a temporary directory, then validate, sample and save once."""
    with _folder(plan.ranks) as folder:
        try:
            run = runs.start(plan.with_steps(ENDLESS), folder / "run")
            clock, trainer = _Clock(WARM_UP * seconds), run.trainer
            trainer.eval_every = ENDLESS
            on_stage(MEASURING, seconds)
            for event in run.events(lambda: clock.done):
                clock.note(event)
                if plan.ranks.on_root(lambda: clock.stepping > (1 - WARM_UP) * seconds):
                    if trainer.eval_every == ENDLESS:
                        on_stage(VALIDATING)
                    trainer.eval_every = trainer.progress.step  # so that a validation is due now
                    clock.done = clock.done or isinstance(event, Evaluated) or not trainer.valid.size
        except DivergedError as error:  # without the files that it names: they are deleted with the folder
            raise DivergedError(
                f"{parameter('seconds')}: while measuring, {error.__cause__ or error}; {LOWER_RATE}"
            ) from None
        except RunError as error:
            raise _measuring_error(folder.parent, error.__context__ or error) from None
    return plan.ranks.on_root(lambda: StepCost(clock.stepping / clock.steps, clock.rest, clock.start or 0.0))


@contextmanager
def _folder(ranks: Communicator) -> Iterator[Path]:
    """A temporary folder, which rank 0 makes and deletes. Its name is decided before it is made, so that a signal at
    any moment leaves nothing behind.
    """
    try:
        folder = ranks.on_root(lambda: Path(tempfile.gettempdir()) / f"charrnn-measuring-{secrets.token_hex(8)}")
    except OSError as error:
        raise _measuring_error("a temporary folder", error) from None
    try:
        ranks.on_root(lambda: folder.mkdir(mode=0o700))
        yield folder
    except OSError as error:
        raise _measuring_error(folder.parent, error) from None
    finally:
        if ranks.rank == 0:
            shutil.rmtree(folder, ignore_errors=True)


def _measuring_error(place: Path | str, error: BaseException) -> RunError:
    reason = error.strerror if isinstance(error, OSError) else error
    return RunError(
        f"{parameter('seconds')}: the measurement needs a folder, and {place} cannot be written: {reason}; set the environment variable TMPDIR to another folder, or use {parameter('steps')}"
    )


class _Clock:
    """Measures the time of a training's events, by kind: of steps, and of a validation with what follows it; steps
    within `warm_up` seconds of the first do not count.

    Time spent on gradient-flow probes counts towards the step that follows.
    """

    def __init__(self, warm_up: float) -> None:
        self.last = self.started = time.perf_counter()
        self.start: float | None = None  # until the first step was made
        self.steps, self.stepping, self.rest = 0, 0.0, 0.0
        self.done = self.validated = False
        self._warm_up = warm_up

    def note(self, event: Event) -> None:
        now = time.perf_counter()
        passed, self.last = now - self.last, now
        if isinstance(event, Stepped | Flowed):
            if self.start is None:
                self.start = now - self.started
            elif now - self.started - self.start > self._warm_up:
                self.steps += isinstance(event, Stepped)
                self.stepping += passed
        elif isinstance(event, Evaluated):
            self.validated = True
            self.rest += passed
        elif self.validated and not isinstance(event, Finished):  # not the samples before: they are for the first steps
            self.rest += passed
