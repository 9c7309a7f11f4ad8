"""The live display of a training: events scroll by above, and the dashboard stays at the bottom.

The thread that trains draws it, between two steps, and only when some time has passed: nothing to lock, and the
training loses only the time that a drawing takes. Each picture is sent in one synchronized update, if the terminal has
them, so that half a picture is never seen. A training that was stopped (Ctrl-Z) is drawn again when it returns to the
foreground, below what the shell has printed since; in the background it draws nothing. What is typed meanwhile is not
echoed: it would move the cursor, and leave a part of the last picture behind.
"""

import os
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Self

from rich.console import Console, ConsoleDimensions, Group
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType
from rich.text import Text

from charrnn.cli.output.live_terminal import in_foreground
from charrnn.cli.output.wrapping import fold_at_blanks, width_of
from charrnn.cli.progress.dashboard import Dashboard
from charrnn.cli.progress.plain_lines import describe, warnings
from charrnn.system.platform_features import SUSPEND
from charrnn.system.terminal_echo import set_echo
from charrnn.training.events import Event, Finished, Stepped

MIN_REFRESH_SECONDS = 0.25  # seconds between two pictures
MAX_DRAWING_SHARE = 0.005  # more seconds in a slow terminal: at most this share of the time is spent on drawing
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"  # of a synchronized update; a terminal without them ignores it
ERASE_LINE, DOWN = (ControlType.ERASE_IN_LINE, 2), (ControlType.CURSOR_DOWN, 1)
SHOW_CURSOR, CLEAR_LINE = b"\x1b[?25h", b"\r\x1b[2K"
STOPPING = "stopping after this step; Ctrl-C again stops at once"
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
        self._stepped = 0.0  # when the last of them was made
        self._live = self._new()
        self._echo = False  # of the terminal, before

    def __enter__(self) -> Self:
        if SUSPEND and signal.getsignal(SUSPEND) == signal.SIG_DFL:
            signal.signal(SUSPEND, self._suspend)
        self._interrupt = signal.getsignal(signal.SIGINT)
        if callable(self._interrupt):
            signal.signal(signal.SIGINT, self._say_stopping)
        self._echo = self._has_terminal() and set_echo(self._console.file, on=False)
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if SUSPEND and signal.getsignal(SUSPEND) == self._suspend:
            signal.signal(SUSPEND, signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) == self._say_stopping:
            signal.signal(signal.SIGINT, self._interrupt)
        try:
            self._end()  # of a training that a second Ctrl-C ended
        finally:
            if kind is not None:  # a second Ctrl-C may end the last drawing before it shows the cursor
                with suppress(OSError):
                    os.write(self._console.file.fileno(), SHOW_CURSOR)
            if self._echo and self._has_terminal():
                set_echo(self._console.file, on=True)

    def _say_stopping(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-C: a step may take long. The line is the last one of the picture, which is drawn again after the step."""
        with suppress(OSError):
            os.write(self._console.file.fileno(), CLEAR_LINE + STOPPING[: self._console.width - 1].encode())
        if callable(self._interrupt):
            self._interrupt(number, frame)

    def _suspend(self, number: int, _: FrameType | None) -> None:
        """Ctrl-Z: stop normally, after showing the cursor again."""
        os.write(self._console.file.fileno(), SHOW_CURSOR)
        if self._echo:
            set_echo(self._console.file, on=True)
        self._was_away = True
        stopped = time.monotonic()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, self._suspend)
        self._dashboard.pause(time.monotonic() - stopped)

    def __call__(self, event: Event) -> None:
        """Draw an event."""
        if isinstance(event, Stepped):
            self._steps.append(event)
            self._stepped = time.monotonic()
            self.tick()
            return
        self._read_steps()
        wrong = self._dashboard.read(event)
        finished = isinstance(event, Finished)
        if finished:  # the last picture stays, and how it ended is printed below it
            self._end()
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
            self._dashboard.read(step, self._stepped)
        self._steps.clear()

    def _end(self) -> None:
        """Draw the last picture, which stays."""
        if self._live.is_started:
            self._draw()
            with self._at_once():
                self._live.stop()

    def _draw(self) -> None:
        began = time.monotonic()
        self._read_steps()
        begins_again = self._was_away or self._console.size != self._size
        if begins_again:
            with self._console.capture():  # not shown: the picture is no longer where it was
                self._live.stop()
        with self._at_once():
            if begins_again:
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
            self._console.line(self._size.height)
            self._was_away = False
            if self._echo:
                set_echo(self._console.file, on=False)
        self._console.control(Control(ControlType.HOME, *[ERASE_LINE, DOWN] * self._size.height, ControlType.HOME))
        for line in self._visible():
            self._console.print(line, soft_wrap=True)
        self._live = self._new()
        self._live.start()

    def _visible(self) -> list[Text]:
        """The newest of the lines above, as many as there is room for."""
        width, height = self._size
        rows, lines = height - len(self._dashboard.lines(width, height)), []
        for line in reversed(self._above):
            folded = fold_at_blanks(line, width)
            rows -= sum(max(1, -(-width_of(each.plain) // width)) for each in folded)
            if rows < 0:
                break
            lines.append(line)
        return lines[::-1]

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Collect what is printed, and send it in one piece: a signal never leaves half a picture."""
        try:
            with self._console.capture() as printed:
                yield
            self._console.file.write(BEGIN + printed.get() + END)
            self._console.file.flush()
        except KeyboardInterrupt:  # rich counts lines that may not be on the screen: all is drawn again
            self._size = ConsoleDimensions(0, 0)
            raise

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
