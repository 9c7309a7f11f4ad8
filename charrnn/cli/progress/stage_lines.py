"""What a command does before it has a result: a few lines on stderr that leave nothing behind.

They are there before NumPy and all else is imported, which takes a second on a slow machine: this module imports rich
alone, and a command opens them before its own imports.
"""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live

from charrnn.cli.output.console import message_console
from charrnn.cli.output.live_terminal import can_draw_on, in_foreground
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.durations import short_duration
from charrnn.stages import OnStage, ignore_stage
from charrnn.system.mpi_environment import rank_and_size
from charrnn.system.platform_features import SUSPEND
from charrnn.system.terminal_echo import set_echo

FIRST = "starting"  # until the first stage is known
MAX_LINES = 4  # the newest stages
REFRESHES_PER_SECOND = 2


@contextmanager
def stage_lines(json: bool = False, quiet: bool = False, sources: Sequence[str | None] = ()) -> Iterator[OnStage]:
    """Yield a function that shows what is done next; all is erased at the end.

    Nothing is shown with `quiet`, where nothing can be drawn (a pipe, JSON on the same terminal), and while a person
    types one of the `sources`. Of several ranks only rank 0 shows anything.
    """
    console = message_console()
    typed = "-" in sources and sys.stdin.isatty()
    if quiet or typed or rank_and_size()[0] or not can_draw_on(console, json):
        yield ignore_stage
        return
    with StageLines(console) as lines:
        yield lines


class StageLines:
    """A context manager, and an OnStage; draws the newest stages while it is open, and nothing after that."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._done: list[str] = []
        self._stage, self._began = FIRST, time.monotonic()
        self._seconds: float | None = None
        self._live: Live | None = None
        self._open = False
        self._echo = False  # of the terminal, before

    def __enter__(self) -> Self:
        if SUSPEND and signal.getsignal(SUSPEND) == signal.SIG_DFL:
            signal.signal(SUSPEND, self._suspend)
        self._open = True
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if SUSPEND and signal.getsignal(SUSPEND) == self._suspend:
            signal.signal(SUSPEND, signal.SIG_DFL)
        self._open = False
        self._stop()

    def __call__(self, stage: str, seconds: float | None = None, /) -> None:
        """Show the next stage. `seconds`: how long it takes, if that is known."""
        if self._stage != FIRST:
            self._done.append(self._stage)
        self._stage, self._seconds, self._began = stage, seconds, time.monotonic()
        if self._live:
            self._live.refresh()
        elif self._open:  # it was in the background
            self._start()

    def lines(self) -> list[str]:
        """The newest stages; the last has its clock."""
        passed = int(time.monotonic() - self._began)
        clock = f", {short_duration(passed)}" if passed else ""
        if self._seconds is not None and max(1, passed) <= round(self._seconds):
            clock = f", {passed} of {self._seconds:.0f} s"
        return [*self._done[1 - MAX_LINES :], self._stage + clock]

    def _picture(self) -> Group:
        *done, last = self.lines()
        shown = [*(mark_unsafe_line(line, "dim") for line in done), mark_unsafe_line(last)]
        for line in shown:
            line.no_wrap, line.overflow = True, "ellipsis"
        return Group(*shown)

    def _start(self) -> None:
        if not in_foreground(self._console):
            return
        self._live = _Foreground(
            console=self._console,
            refresh_per_second=REFRESHES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            get_renderable=self._picture,
        )
        self._echo = set_echo(self._console.file, on=False)
        self._live.start(refresh=True)

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live:
            with suppress(OSError):  # the terminal is gone
                live.stop()
            if self._echo and in_foreground(self._console):
                set_echo(self._console.file, on=True)

    def _suspend(self, number: int, _: FrameType | None) -> None:
        """Ctrl-Z: erase the lines, and draw them again after `fg`, below what the shell has printed since."""
        self._stop()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, self._suspend)
        self._start()


class _Foreground(Live):
    """A live display that does not draw over another program's output (`bg`)."""

    def refresh(self) -> None:
        """Draw, in the foreground."""
        if in_foreground(self.console):
            super().refresh()
