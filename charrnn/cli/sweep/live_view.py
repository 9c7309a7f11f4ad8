"""How a sweep looks while it runs: a line when a training begins or ends, and in a terminal the running ones below."""

import time
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

from rich.console import Group
from rich.live import Live
from rich.text import Text

from charrnn.cli.output.console import message_console
from charrnn.cli.output.live_terminal import can_draw_on
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.wrapping import shorten
from charrnn.durations import short_duration
from charrnn.runs.storage.status import last_step, read_status
from charrnn.sweeps.jobs import JobResult
from charrnn.sweeps.scheduler import JobEvent
from charrnn.sweeps.sweep import Sweep
from charrnn.system.files.folder_handle import Folder
from charrnn.system.terminal_echo import without_echo
from charrnn.training.events import digits

REFRESH_SECONDS = 1.0  # between two updates of the view
LOSSES = "validation loss"


class SweepView:
    """Shows the trainings of a sweep; `results` holds the results of the ended ones by their numbers."""

    def __init__(self, sweep: Sweep, folder: Folder, json: bool, quiet: bool) -> None:
        self._sweep, self._folder, self._quiet = sweep, folder, quiet
        self._console = message_console()
        self._live = None
        if not quiet and can_draw_on(self._console, json):
            self._live = Live(console=self._console, auto_refresh=False, redirect_stdout=False, transient=True)
        self._running: dict[int, float] = {}
        self._due = 0.0
        self.results: dict[int, JobResult] = {}

    def follow(self, events: Iterable[JobEvent]) -> None:
        """Show the events until the last training ends."""
        with self._live or nullcontext(), without_echo(self._console.file) if self._live else nullcontext():
            for event in events:
                self._update(event)

    def tick(self) -> None:
        """Draw again if REFRESH_SECONDS have passed."""
        if self._live and time.monotonic() >= self._due:
            self._live.update(self._picture(), refresh=True)
            self._due = time.monotonic() + REFRESH_SECONDS

    def _update(self, event: JobEvent) -> None:
        number, result = event.number, event.result
        if result is None:
            self._running[number] = time.monotonic()
            self._print(number, "begins")
            return
        self._running.pop(number, None)
        self.results[number] = result
        if result.state != "waiting":
            self._print(number, self._result(number, result), "bold" if result.state == "done" else "bold yellow")
        self._due = 0.0

    def _result(self, number: int, result: JobResult) -> str:
        found = read_status(self._run(number))
        loss = "" if found.best_loss is None else f" · {LOSSES} {digits(found.best_loss)} at step {found.step:,}"
        error = "" if result.error is None else f": {result.reason}"
        return f"{result.state}{error}{loss} · {short_duration(round(found.seconds, 1))}"

    def _print(self, number: int, what: str, style: str = "") -> None:
        if not self._quiet:
            line = f"{number + 1} of {len(self._sweep.names)} · {self._sweep.names[number]} · {what}"
            self._console.print(mark_unsafe_line(line, style), soft_wrap=True)

    def _picture(self) -> Group:
        """As many of the running trainings as there is room for, and the number of ended ones."""
        columns, rows = self._console.size
        lines = [self._line(number, columns) for number in sorted(self._running)][: max(1, rows - 2)]
        ended = Text(f"{len(self.results)} of {len(self._sweep.names)} ended, {len(self._running)} running")
        return Group(*lines, shorten(ended, columns))

    def _line(self, number: int, columns: int) -> Text:
        seconds = time.monotonic() - self._running[number]
        return running_line(self._sweep.names[number], seconds, last_step(self._run(number)), columns)

    def _run(self, number: int) -> Path:
        return self._folder.path / self._sweep.names[number]


def running_line(name: str, seconds: float, step: int | None, columns: int) -> Text:
    """The name of a running training, cut if there is no room for it beside its figures."""
    figures = f" · {short_duration(int(seconds))}" + ("" if step is None else f" · step {step:,}")
    return shorten(shorten(mark_unsafe_line(f"  {name}"), max(0, columns - len(figures))) + figures, columns)
