"""The live display of a training: what has happened scrolls by above, and the dashboard stays at the bottom.

It is drawn by the thread that trains, between two steps, and only when some time has passed: there is nothing to lock, and what a
drawing costs is what the training loses. The terminal gets each picture in one piece, by its synchronized updates where
it has them, so that it never shows the half of one.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from charrnn.cli.dashboard import Dashboard
from charrnn.cli.telling import describe, warnings
from charrnn.learning.events import Event, Finished, Stepped

EVERY = 0.25  # seconds between two pictures, at least,
SHARE = 0.005  # or more, so that drawing takes no more of the time than this, however slow the terminal
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"  # of a synchronized update; a terminal that has none ignores it
HOME, DOWN, ERASE_LINE = "\x1b[H", "\x1b[B", "\x1b[2K"
KEPT = 100  # lines above the dashboard, written again where the terminal changes its size


class LiveDisplay:
    """Draws while it is open; a context manager."""

    def __init__(self, console: Console, dashboard: Dashboard, above: list[Text]) -> None:
        """`above`: the lines that were written before."""
        self._console, self._dashboard = console, dashboard
        self._above = deque(above, KEPT)
        self._size = console.size
        self._due = 0.0
        self._steps: list[Stepped] = []  # not read yet
        self._live = self._new()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Draw an event."""
        if isinstance(event, Stepped):
            self._steps.append(event)
            self.tick()
            return
        self._read_steps()
        wrong = self._dashboard.read(event)
        if isinstance(event, Finished):  # the last picture stays, and below it how it ended
            self._draw()
            self._live.stop()
        lines = describe(event) + warnings(wrong)
        self._above.extend(lines)
        with self._at_once():
            for line in lines:
                self._console.print(line, soft_wrap=True)

    def tick(self) -> None:
        """Draw anew if it is time."""
        if time.monotonic() >= self._due:
            self._draw()

    def _read_steps(self) -> None:
        """All at once: one by one, between steps that fill the caches with their own, they would take four times as long."""
        for step in self._steps:
            self._dashboard.read(step)
        self._steps.clear()

    def _draw(self) -> None:
        began = time.monotonic()
        self._read_steps()
        with self._at_once():
            if self._console.size != self._size:
                self._begin_anew()
            self._live.refresh()
        ended = time.monotonic()
        self._due = ended + max(EVERY, (ended - began) / SHARE)

    def _begin_anew(self) -> None:
        """For another size: a terminal that has wrapped its lines, or cut them, no longer has the picture where it was."""
        self._size = self._console.size
        self._live.stop()
        self._console.file.write(HOME + (ERASE_LINE + DOWN) * self._size.height + HOME)
        for line in self._visible():
            self._console.print(line, soft_wrap=True)
        self._live = self._new()
        self._live.start()

    def _visible(self) -> list[Text]:
        """The newest of the lines above that there is room for."""
        width, height = self._size
        rows, lines = height - len(self._dashboard.lines(width, height)), []
        for line in reversed(self._above):
            rows -= max(1, -(-line.cell_len // width))
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
