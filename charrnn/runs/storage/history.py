"""Read metrics.jsonl into arrays.

A training that was resumed or rolled back logs some steps twice. The later entry of a step wins, and earlier entries of
later steps are dropped. The time counts both: a step that was made twice took twice the time.
"""

import json
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from charrnn.config import resolve
from charrnn.errors import ConfigError, RunError
from charrnn.package import MODEL, shipped_model
from charrnn.runs.storage.directory import CONFIG, METRICS
from charrnn.runs.storage.metrics_log import BYTE_NAMES, MAX_LINE_BYTES
from charrnn.system.files.plain_files import open_file_or_pipe, open_plain
from charrnn.system.shell import shell_command
from charrnn.text.characters.unit_names import Unit

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
FIELDS = ("epoch", "loss", "grad_norm", "learning_rate")  # of a step, read as they are
MAX_STEP, MAX_VALUE = 1 << 53, 1e100  # no training logs more, and sums of such numbers are still finite
STEP_LINE, STEP_BYTES = b'{"event": "step"', 200  # the beginning of a step's line, and about how long it is
SLOWEST = 1e-6  # characters per second; below it, the sum of the times would overflow


@dataclass(frozen=True)
class History:
    """A training step by step: arrays of one length, and those of the evaluations. Losses are mean nats per `unit`.

    `seconds` is the time spent in steps so far, without evaluations and saving, or None if the run's config.yaml does
    not say how many characters a step has. `recoveries` are the steps it rolled back to; `skipped` counts lines that
    could not be read.
    """

    steps: Whole
    epochs: Floats
    losses: Floats
    grad_norms: Floats
    learning_rates: Floats
    clipped: NDArray[np.bool_]
    seconds: Floats | None
    evaluated_steps: Whole
    evaluated_losses: Floats
    recoveries: tuple[int, ...]
    skipped: int
    unit: Unit  # the losses are means over these
    session_seconds: float  # the training time of all sessions that were not killed
    finished: bool  # whether all steps are made, or patience ended the training, and that was saved

    @property
    def best(self) -> tuple[int, float] | None:
        """Step and loss of the best evaluation, the first of equals."""
        if not self.evaluated_losses.size:
            return None
        index = int(self.evaluated_losses.argmin())
        return int(self.evaluated_steps[index]), float(self.evaluated_losses[index])

    def until(self, step: int) -> "History":
        """The steps and evaluations up to this one; what a stop left of later steps is logged again."""
        steps, evaluated = self.steps <= step, self.evaluated_steps <= step
        return replace(
            self,
            steps=self.steps[steps],
            epochs=self.epochs[steps],
            losses=self.losses[steps],
            grad_norms=self.grad_norms[steps],
            learning_rates=self.learning_rates[steps],
            clipped=self.clipped[steps],
            seconds=None if self.seconds is None else self.seconds[steps],
            evaluated_steps=self.evaluated_steps[evaluated],
            evaluated_losses=self.evaluated_losses[evaluated],
        )


class StepTable:
    """Rows of numbers, the step first, whose last rows can be removed."""

    def __init__(self, width: int) -> None:
        self._width, self._numbers = width, array("d")  # exact for each step below MAX_STEP

    def add(self, step: int, *row: float) -> None:
        """Add a row, in place of the rows of this step and later ones."""
        self.drop_from(step)
        self._numbers.extend((step, *row))

    def drop_from(self, step: int) -> None:
        """Remove the rows of this step and later ones."""
        while self._numbers and self._numbers[-self._width] >= step:
            del self._numbers[-self._width :]

    def columns(self) -> Floats:
        """A copy of the table, (width, rows)."""
        return np.array(self._numbers).reshape(-1, self._width).T.copy()


class HistoryReader:
    """Reads events one by one, and makes a history of them."""

    def __init__(self) -> None:
        self._stepped, self._evaluated = StepTable(1 + len(FIELDS) + 2), StepTable(2)
        self._recoveries: list[int] = []
        self._spent = 0.0  # seconds per character of a step, summed
        self._session_seconds = 0.0
        self._reason: str | None = None  # why the training ended, until the next save
        self._finished = False
        self._skipped = 0
        self._unit: Unit = "char"

    def read(self, line: bytes) -> None:
        """Read the line of an event. A damaged one is counted; an event of no interest is ignored."""
        try:
            event = json.loads(line.decode())
            self._take(event)
            if any(name in event for name in BYTE_NAMES.values()):
                self._unit = "byte"
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            self._skipped += 1

    def _take(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "step":
                self._take_step(_step(event), event)
            case "eval":
                self._evaluated.add(_step(event), _number(event, "loss"))
            case "resumed":
                self._go_back(_step(event))
                self._reason, self._finished = None, False
            case "recovered":
                self._go_back(_step(event))
                self._recoveries.append(_step(event))
            case "finished":
                self._session_seconds += _number(event, "seconds")
                self._reason, self._finished = event.get("reason"), False
            case "saved":
                self._reason, self._finished = None, self._reason in ("steps", "patience")

    def _take_step(self, step: int, event: dict[str, Any]) -> None:
        values = [_number(event, field) for field in FIELDS]
        clipped = bool(event["clipped"])
        self._spent += 1 / _number(event, "chars_per_second", SLOWEST)
        self._stepped.add(step, *values, clipped, self._spent)
        self._evaluated.drop_from(step)

    def _go_back(self, step: int) -> None:
        self._stepped.drop_from(step + 1)
        self._evaluated.drop_from(step + 1)
        self._recoveries = [recovery for recovery in self._recoveries if recovery <= step]

    def history(self, characters: int | None, unit: Unit | None = None) -> History:
        """The history of all events so far; `characters` of a step and their `unit`, if known."""
        steps, epochs, losses, grad_norms, learning_rates, clipped, spent = self._stepped.columns()
        evaluated_steps, evaluated_losses = self._evaluated.columns()
        return History(
            steps.astype(np.int64),
            epochs,
            losses,
            grad_norms,
            learning_rates,
            clipped > 0,
            spent * characters if characters else None,
            evaluated_steps.astype(np.int64),
            evaluated_losses,
            tuple(dict.fromkeys(self._recoveries)),
            self._skipped,
            unit or self._unit,
            self._session_seconds,
            self._finished,
        )


def read_history(run: Path, about_steps: int | None = None) -> History:
    """The history of a run directory, or of a file of events as `train --json` prints them. `about_steps`: of a longer
    one only every n-th step is read, about this many; its `seconds` are then of those alone.

    Raises RunError if there is none, if it cannot be read, and if it has no step.
    """
    path = _metrics_of(run)
    reader = HistoryReader()
    try:
        with open_plain(path) if path != run else open_file_or_pipe(run) as file:
            every = 1 if about_steps is None else os.fstat(file.fileno()).st_size // (STEP_BYTES * about_steps) + 1
            steps = count(1)
            for line in _lines(file):
                if every == 1 or not line.startswith(STEP_LINE) or next(steps) % every == 0:
                    reader.read(line)
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None
    history = reader.history(*_characters_per_step(run))
    if not history.steps.size:
        damaged = f"; {history.skipped:,} of its lines cannot be read" if history.skipped else ""
        raise RunError(f"{path}: has no step of a training{damaged}")
    return history


def _metrics_of(run: Path) -> Path:
    if shipped_model(run) or (run.suffix == MODEL and run.is_file()):
        has_run = not shipped_model(run) and (run.parent / METRICS).exists()
        advice = f"name its run directory, {run.parent}" if has_run else shell_command("what it is: charrnn info", run)
        raise RunError(f"{run}: a checkpoint, which has no history; {advice}")
    if not run.exists():
        raise RunError(
            f"{run}: no such run; name a run directory, or a file of events as charrnn train --json prints them"
        )
    if run.is_dir() and not (run / METRICS).exists():
        raise RunError(f"{run}: holds no {METRICS}; is it a run directory?")
    return run / METRICS if run.is_dir() else run


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file; of a line that is longer than any event, only the first part."""
    while line := file.readline(MAX_LINE_BYTES):
        yield line
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)


def _characters_per_step(run: Path) -> tuple[int | None, Unit | None]:
    """The number of characters of a step, and their unit, if the run's config.yaml says so."""
    path = run / CONFIG
    if not path.is_file():
        return None, None
    try:
        config = resolve.resolve(str(path)).config
    except ConfigError:
        return None, None
    training = config.training
    characters = training.batch_size and training.batch_size * (training.stride or training.sequence_length)
    return characters, config.data.unit


def _step(event: dict[str, Any]) -> int:
    step = event["step"]
    if type(step) is not int or not 0 <= step < MAX_STEP:
        raise ValueError(step)
    return step


def _number(event: dict[str, Any], field: str, least: float = 0.0) -> float:
    """A number that is at least `least`. Raises ValueError for anything else."""
    value = event[field]
    if type(value) not in (int, float) or not least <= value <= MAX_VALUE:
        raise ValueError(value)
    return float(value)
