"""How far a run is and how it ended, read from its metrics.jsonl alone."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.errors import RunError
from charrnn.runs.storage.directory import METRICS
from charrnn.runs.storage.history import read_history
from charrnn.runs.storage.metrics_log import MAX_LINE_BYTES
from charrnn.system.plain_files import open_plain
from charrnn.text.characters.unit_names import Unit

ENDINGS = tuple(f'{{"event": "{name}"'.encode() for name in ("finished", "saved", "resumed"))
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
        ended = _endings(run / METRICS)
    except (RunError, OSError):
        return RunStatus()
    step, loss = history.best or (None, None)
    return RunStatus(loss, step, sum(map(_seconds, ended)), _is_finished(ended), history.unit)


def _endings(path: Path) -> list[dict[str, Any]]:
    """The events of ends, saves and resumes."""
    with open_plain(path) as file:
        return [_event(line) for line in file if line.startswith(ENDINGS)]


def _is_finished(ended: Sequence[dict[str, Any]]) -> bool:
    """Whether the last of these events say that the training reached its end, and was saved there."""
    return len(ended) >= 2 and ended[-1].get("event") == "saved" and ended[-2].get("reason") in ("steps", "patience")


def _seconds(event: dict[str, Any]) -> float:
    seconds = event.get("seconds", 0.0)
    return float(seconds) if isinstance(seconds, int | float) and math.isfinite(seconds) else 0.0


def last_step(run: Path) -> int | None:
    """The last step that was logged; None if there is none near the end of the file."""
    try:
        with open_plain(run / METRICS) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = file.read().splitlines()
    except OSError:
        return None
    steps = (event["step"] for line in reversed(lines) if isinstance((event := _event(line)).get("step"), int))
    return next(steps, None)


def _event(line: bytes) -> dict[str, Any]:
    """The event of a line; an empty one if the line is damaged."""
    try:
        found = json.loads(line[:MAX_LINE_BYTES])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
