"""The live display of a training: events scroll by above, and the dashboard stays at the bottom.

The thread that trains draws it, between two steps, and only when some time has passed: nothing to lock, and the
training loses only the time that a drawing takes. Each picture is sent in one synchronized update, if the terminal has
them, so that half a picture is never seen. A training that was stopped (Ctrl-Z) is drawn again when it returns to the
foreground, below what the shell has printed since; in the background it draws nothing.
"""

import os
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from charrnn.cli.output.live_terminal import in_foreground
from charrnn.cli.output.wrapping import width_of
from charrnn.cli.progress.dashboard import Dashboard
from charrnn.cli.progress.plain_lines import describe, warnings
from charrnn.training.events import Event, Finished, Stepped

MIN_REFRESH_SECONDS = 0.25  # seconds between two pictures
MAX_DRAWING_SHARE = 0.005  # more seconds in a slow terminal: at most this share of the time is spent on drawing
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"  # of a synchronized update; a terminal without them ignores it
HOME, DOWN, ERASE_LINE = "\x1b[H", "\x1b[B", "\x1b[2K"
SHOW_CURSOR = b"\x1b[?25h"
MAX_LINES_ABOVE = 100  # above the dashboard, printed again when the terminal changes its size


class LiveDisplay:
    """A context manager; draws while it is open."""

    def __init__(self, console: Console, dashboard: Dashboard, above: list[Text]) -> None:
        """`above`: the lines printed before."""
        self._console, self._dashboard = console, dashboard
        self._above = deque(above, MAX_LINES_ABOVE)
        self._size = console.size
        self._due = self._cost = 0.0
        self._was_away = False  # another program may have drawn on the screen
        self._steps: list[Stepped] = []  # not read yet
        self._live = self._new()

    def __enter__(self) -> Self:
        if hasattr(signal, "SIGTSTP") and signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._suspend)
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if hasattr(signal, "SIGTSTP") and signal.getsignal(signal.SIGTSTP) == self._suspend:
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        self._live.stop()

    def _suspend(self, number: int, _: FrameType | None) -> None:
        """Ctrl-Z: stop normally, after showing the cursor again."""
        os.write(self._console.file.fileno(), SHOW_CURSOR)
        self._was_away = True
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, self._suspend)

    def __call__(self, event: Event) -> None:
        """Draw an event."""
        if isinstance(event, Stepped):
            self._steps.append(event)
            self.tick()
            return
        self._read_steps()
        wrong = self._dashboard.read(event)
        finished = isinstance(event, Finished)
        if finished:  # the last picture stays, and how it ended is printed below it
            self._draw()
            self._live.stop()
        lines = describe(event, self._dashboard.unit) + warnings(wrong)
        self._above.extend(lines)
        if finished or (lines and self._has_terminal()):
            self._print(lines)

    def _print(self, lines: list[Text]) -> None:
        if self._was_away:
            self._draw()
            return
        with self._at_once():
            for line in lines:
                self._console.print(line, soft_wrap=True)

    def tick(self) -> None:
        """Redraw if it is time."""
        if time.monotonic() >= self._due and self._has_terminal():
            self._draw()

    def _has_terminal(self) -> bool:
        """Whether this program has the terminal; it does not draw over another one (`bg`)."""
        seen = in_foreground(self._console)
        self._was_away |= not seen
        return seen

    def _read_steps(self) -> None:
        """Read several steps at once: one at a time, in caches that training has just filled, takes four times as
        long.
        """
        for step in self._steps:
            self._dashboard.read(step)
        self._steps.clear()

    def _draw(self) -> None:
        began = time.monotonic()
        self._read_steps()
        with self._at_once():
            if self._was_away or self._console.size != self._size:
                self._start_again()
            self._live.refresh()
        ended = time.monotonic()
        before, self._cost = self._cost, ended - began
        usual = min(before, self._cost)  # a terminal that was paused once (Ctrl-S) is not slow
        self._due = ended + max(MIN_REFRESH_SECONDS, usual / MAX_DRAWING_SHARE)

    def _start_again(self) -> None:
        """Redraw all for another size: the terminal has wrapped or cut its lines, and the picture has moved.

        What other programs have printed there is scrolled up, and not lost.
        """
        self._size = self._console.size
        if self._was_away:
            self._console.file.write("\n" * self._size.height)
            self._was_away = False
        self._live.stop()
        self._console.file.write(HOME + (ERASE_LINE + DOWN) * self._size.height + HOME)
        for line in self._visible():
            self._console.print(line, soft_wrap=True)
        self._live = self._new()
        self._live.start()

    def _visible(self) -> list[Text]:
        """The newest of the lines above, as many as there is room for."""
        width, height = self._size
        rows, lines = height - len(self._dashboard.lines(width, height)), []
        for line in reversed(self._above):
            rows -= max(1, -(-width_of(line.plain) // width))
            if rows < 0:
                break
            lines.append(line)
        return lines[::-1]

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        self._console.file.write(BEGIN)
        yield
        self._console.file.write(END)
        self._console.file.flush()

    def _new(self) -> Live:
        return Live(
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,
            vertical_overflow="crop",
            get_renderable=self._picture,
        )

    def _picture(self) -> Group:
        return Group(*self._dashboard.lines(*self._console.size))
