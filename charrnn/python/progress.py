"""The progress of a training in Python: a bar in a terminal, one output that changes in place in a notebook.

Where nothing can be drawn (a pipe, a log file, `TERM=dumb`) nothing is written.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from charrnn.durations import short_duration
from charrnn.models.html.learning_curve import learning_curve
from charrnn.text.characters.printable import printable_line
from charrnn.training.events import Evaluated, Event, Finished, Recovered, Resumed, Stepped, digits

FIRST_STAGE = "reading the text"
REFRESH_SECONDS = 0.5  # seconds between two pictures in a notebook


class Display(Protocol):
    """Shows a training: first what it waits for, then its events."""

    def stage(self, stage: str, seconds: float | None = None, /) -> None:
        """What is done before the first step; see words.OnStage."""

    def begin(self, steps: int, done: int) -> None:
        """The training begins: its steps in all, and those made before."""

    def __call__(self, event: Event) -> None:
        """Show an event."""


@contextmanager
def progress_display(wanted: bool, console: Console | None = None) -> Iterator[Display]:
    """Yield the display for where this program runs; one that shows nothing if it is not `wanted`, or cannot be drawn.

    It is drawn on `console`, by default on stderr.
    """
    console = console or Console(stderr=True)
    if wanted and console.is_jupyter:
        with NotebookDisplay() as display:
            yield display
    elif wanted and console.is_interactive and not console.is_dumb_terminal:
        with TerminalBar(console) as bar:
            yield bar
    else:
        yield NoDisplay()


class NoDisplay:
    """Shows nothing."""

    def stage(self, stage: str, seconds: float | None = None, /) -> None:
        """See Display."""

    def begin(self, steps: int, done: int) -> None:
        """See Display."""

    def __call__(self, event: Event) -> None:
        """See Display."""


class TerminalBar:
    """A bar with step, losses and remaining time."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[loss]}", markup=False),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=console, refresh_per_second=4)
        self._losses = Losses()

    def __enter__(self) -> Self:
        self._bar.start()
        self._task = self._bar.add_task(FIRST_STAGE, total=None, loss="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._bar.stop()

    def stage(self, stage: str, seconds: float | None = None, /) -> None:
        """See Display."""
        self._bar.update(self._task, description=printable_line(stage), loss=_takes(seconds))
        self._bar.refresh()

    def begin(self, steps: int, done: int) -> None:
        """See Display."""
        self._losses.steps = steps
        self._bar.reset(self._task, total=steps, completed=done, description=f"step {done:,}/{steps:,}")

    def __call__(self, event: Event) -> None:
        """See Display."""
        self._losses.read(event)
        done, steps = self._losses.done, self._losses.steps
        self._bar.update(self._task, completed=done, description=f"step {done:,}/{steps:,}", loss=str(self._losses))


class NotebookDisplay:
    """One output of a cell, with a bar and the curve of the losses."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._due, self._losses = clock, 0.0, Losses()
        self._ipython: Any = import_module("IPython.display")

    def __enter__(self) -> Self:
        self._handle = self._ipython.display(self._ipython.HTML(FIRST_STAGE), display_id=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._losses.steps:
            self._draw()

    def stage(self, stage: str, seconds: float | None = None, /) -> None:
        """See Display."""
        self._handle.update(self._ipython.HTML(escape(f"{printable_line(stage)} {_takes(seconds)}".rstrip())))

    def begin(self, steps: int, done: int) -> None:
        """See Display."""
        self._losses.steps, self._losses.done = steps, done
        self._draw()

    def __call__(self, event: Event) -> None:
        """See Display."""
        self._losses.read(event)
        if self._clock() >= self._due:
            self._draw()

    def _draw(self) -> None:
        self._handle.update(self._ipython.HTML(self._losses.as_html()))
        self._due = self._clock() + REFRESH_SECONDS


class Losses:
    """The losses of a training so far."""

    def __init__(self) -> None:
        self.steps = self.done = 0
        self._losses: list[tuple[int, float]] = []
        self._evaluated: list[tuple[int, float]] = []
        self._reason = ""

    def read(self, event: Event) -> None:
        """Read an event."""
        match event:
            case Stepped():
                self.done = event.step
                self._losses.append((event.step, event.loss))
            case Evaluated():
                self._evaluated.append((event.step, event.loss))
            case Recovered() | Resumed():
                self.done = event.step
                self._losses = [each for each in self._losses if each[0] <= event.step]
                self._evaluated = [each for each in self._evaluated if each[0] <= event.step]
            case Finished():
                self._reason = {"steps": "", "patience": "no improvement", "stopped": "stopped"}[event.reason]

    def __str__(self) -> str:
        parts = [f"{name} {digits(losses[-1][1])}" for name, losses in self._named() if losses]
        return " · ".join([*parts, *filter(None, [self._reason])])

    def as_html(self) -> str:
        """A bar, the losses and their curve."""
        bar = f'<progress value="{self.done}" max="{self.steps}" style="width: 16em"></progress>'
        line = f"<div>{bar} step {self.done:,}/{self.steps:,} · {escape(str(self))}</div>"
        return line + learning_curve(self._losses, self._evaluated)

    def _named(self) -> list[tuple[str, list[tuple[int, float]]]]:
        return [("loss", self._losses), ("valid", self._evaluated)]


def _takes(seconds: float | None) -> str:
    return "" if seconds is None else f"({short_duration(round(seconds, 1))})"
