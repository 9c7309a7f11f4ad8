"""The report of a lesson: a table and sentences, or JSON."""

import math
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from charrnn.cli.output.tables import Name, Table
from charrnn.derivations.in_words import percent
from charrnn.derivations.tasks.lessons import Lesson, Run

DIVERGED = "diverged"


def show_lesson(console: Console, lesson: Lesson) -> None:
    """Print the task, a row for each training, and what was learned."""
    _write(console, f"Task: {lesson.goal}.", "bold")
    settings = ", ".join(f"{key} {value:g}" for key, value in lesson.settings.items())
    _write(console, f"Each update: w ← w - α ∂L/∂w for every weight. {settings}, seed {lesson.seed}.", "dim")
    table = Table(Name("training"), "loss", lesson.measure, "updates", "clipped", "longest gradient")
    table.add_row("before", _figure(lesson.loss), percent(lesson.score), "", "", "", closes=True)
    for run in lesson.runs:
        table.add_row(*_row(run))
    table.show(console)
    for sentence in lesson.learned:
        _write(console, sentence)


def lesson_json(lesson: Lesson) -> dict[str, Any]:
    """The lesson as JSON; a number that is not finite is null."""
    found = asdict(lesson)
    found |= {"loss": _finite(found["loss"]), "score": _finite(found["score"])}
    for run in found["runs"]:
        run |= {key: _finite(run[key]) for key in ("loss", "score", "largest_norm")}
        run["losses"] = [_finite(loss) for loss in run["losses"]]
    return found


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _row(run: Run) -> list[str | Text]:
    loss = Text(DIVERGED, "red") if run.loss is None else _figure(run.loss)
    score = "" if run.score is None else percent(run.score)
    return [run.name, loss, score, f"{run.updates:,}", f"{run.clipped:,}", _figure(run.largest_norm)]


def _figure(value: float) -> str:
    return f"{value:.3g}"


def _write(console: Console, line: str, style: str = "") -> None:
    """Print a line: broken between words on a terminal, whole in a pipe."""
    console.print(Text(line, style), soft_wrap=not console.is_terminal)
