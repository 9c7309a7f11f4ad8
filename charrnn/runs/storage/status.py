"""How far a run is and how it ended, read from its metrics.jsonl alone."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import RunError
from charrnn.runs.storage.directory import METRICS
from charrnn.runs.storage.history import read_history
from charrnn.runs.storage.metrics_log import MAX_LINE_BYTES
from charrnn.system.files.plain_files import open_plain
from charrnn.text.characters.unit_names import Unit

TAIL_BYTES = 1 << 15  # bytes at the end in which last_step looks


@dataclass(frozen=True)
class RunStatus:
    """The best validation loss (nats per `unit`) and its step, None before the first. `seconds` is the training time of
    all sessions that were not killed. `finished` is true if all steps are made, or if patience ended the training.
    """

    best_loss: float | None = None
    step: int | None = None
    seconds: float = 0.0
    finished: bool = False
    unit: Unit = "char"


def read_status(run: Path) -> RunStatus:
    """The status of a run directory; an empty one if no step is logged."""
    try:
        history = read_history(run)
    except RunError:
        return RunStatus()
    step, loss = history.best or (None, None)
    return RunStatus(loss, step, history.session_seconds, history.finished, history.unit)


def last_step(run: Path) -> int | None:
    """The last step that was logged; None if there is none near the end of the file."""
    try:
        with open_plain(run / METRICS) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = file.read().splitlines()
    except OSError:
        return None
    return next(filter(None, map(_step, reversed(lines))), None)


def _step(line: bytes) -> int | None:
    """The step of an event; None if it has none, or if the line is damaged."""
    try:
        step = json.loads(line[:MAX_LINE_BYTES])["step"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return step if isinstance(step, int) else None
