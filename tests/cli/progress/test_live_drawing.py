"""When the live display draws, and what it writes, without a terminal or a training; test_live.py has both."""

import io
import os
import re
import signal
from contextlib import suppress
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.text import Text

from charrnn.cli.progress import live_display
from charrnn.cli.progress.dashboard import Dashboard
from charrnn.training.events import Evaluated, Finished, Stepped

pyte = pytest.importorskip("pyte", reason="a screen in memory needs pyte")
WIDTH, HEIGHT = 80, 20


def display_on(file, above=()):
    options = {"highlight": False, "legacy_windows": False}
    console = Console(file=file, force_terminal=True, width=WIDTH, height=HEIGHT, **options)
    return live_display.LiveDisplay(console, Dashboard(100, 0, 1.0), list(map(Text, above)))


def step(number):
    return Stepped(number, 0.5, 2.0, 0.5, False, 1e-3, 1e5)


def evaluated(number):
    return Evaluated(number, "valid", 2.0, 2.9, False)


class Screen(io.StringIO):
    """A terminal that others may write to as well."""

    def __init__(self):
        super().__init__()
        self._screen = pyte.HistoryScreen(WIDTH, HEIGHT, history=1000, ratio=0.01)
        self._stream = pyte.Stream(self._screen)

    def write(self, text):
        self._stream.feed(re.sub(r"\x1b\[\?2026[hl]", "", text).replace("\n", "\r\n"))
        return super().write(text)

    @property
    def lines(self):
        return [line.rstrip() for line in self._screen.display if line.strip()]

    @property
    def gone(self):
        """What was pushed up."""
        rows = self._screen.history.top
        return ["".join(row[column].data for column in range(WIDTH)).rstrip() for row in rows]


@pytest.fixture
def foreground(monkeypatch):
    """Whether the display has its terminal: set `foreground.here`."""
    here = SimpleNamespace(here=True)
    monkeypatch.setattr(live_display, "in_foreground", lambda console: here.here)
    monkeypatch.setattr(live_display, "MIN_REFRESH_SECONDS", 0.0)
    monkeypatch.setattr(live_display, "MAX_DRAWING_SHARE", float("inf"))
    return here


def test_in_the_background_nothing_is_written_and_back_from_there_all_is_shown(foreground):
    screen = Screen()
    display = display_on(screen, ["text: a text"])
    with display:
        display(step(1))
        foreground.here = False
        screen.write("\n$ hello\n$ ")
        before = screen.getvalue()
        display(step(2))
        display(evaluated(2))
        assert screen.getvalue() == before
        foreground.here = True
        display(step(3))
        assert screen.lines[:2] == ["text: a text", "step 2: validation loss 2.0000 nats, 2.900 bpc"]
        assert screen.lines[2].startswith("step 3/100 ")
        assert [line for line in screen.gone if line.startswith("$")] == ["$ hello", "$"]


def test_an_evaluation_may_be_the_first_that_is_shown_after_coming_back(foreground):
    screen = Screen()
    display = display_on(screen)
    with display:
        display(step(1))
        foreground.here = False
        display(step(2))
        foreground.here = True
        display(evaluated(2))
        assert screen.lines[0] == "step 2: validation loss 2.0000 nats, 2.900 bpc"
        assert screen.lines[1].startswith("step 2/100 ")
        assert sum("validation loss" in line for line in screen.lines) == 1


def test_the_end_is_printed_wherever_the_training_is(foreground):
    screen = Screen()
    display = display_on(screen)
    with display:
        display(step(1))
        foreground.here = False
        screen.write("\n$ ")
        display(step(2))
        display(Finished(2, "stopped", None, 1.0))
    assert screen.lines[0].startswith("step 2/100 ")
    assert screen.lines[-1] == "step 2: stopped; checkpoint saved · 1 s"


@pytest.mark.skipif(not hasattr(signal, "SIGTSTP"), reason="stopping with Ctrl-Z needs POSIX")
@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN])
def test_ctrl_z_is_heeded_while_it_draws_and_only_if_it_was_before(handler):
    before = signal.signal(signal.SIGTSTP, handler)
    try:
        display = display_on(Screen())
        with display:
            heeded = signal.getsignal(signal.SIGTSTP)
            assert (heeded == display._suspend) == (handler == signal.SIG_DFL)
        assert signal.getsignal(signal.SIGTSTP) == handler
    finally:
        signal.signal(signal.SIGTSTP, before)


@pytest.mark.skipif(not hasattr(signal, "SIGTSTP"), reason="stopping with Ctrl-Z needs POSIX")
def test_ctrl_z_stops_with_a_cursor_and_is_heeded_the_next_time_too(foreground, monkeypatch):
    screen, (read, write) = Screen(), os.pipe()
    screen.fileno = lambda: write
    display = display_on(screen)
    stopped_with = []

    def stop(number):
        stopped_with.append(signal.getsignal(number))
        screen.write("\n[1]+ Stopped\n$ fg\n")

    monkeypatch.setattr(signal, "raise_signal", stop)
    with display:
        display(step(1))
        display._suspend(signal.SIGTSTP, None)
        assert signal.getsignal(signal.SIGTSTP) == display._suspend
        display(step(2))
        assert screen.lines[0].startswith("step 2/100 ")
        assert "$ fg" in screen.gone
    assert stopped_with == [signal.SIG_DFL]
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == live_display.SHOW_CURSOR


def test_only_lines_that_fit_above_the_picture_are_shown(foreground):
    screen = Screen()
    display = display_on(screen, [f"{number:0200}" for number in range(10)])  # three rows each
    with display:
        display(step(1))
        foreground.here = False
        display(step(2))
        foreground.here = True
        display(step(3))
        rows = HEIGHT - len(display._dashboard.lines(WIDTH, HEIGHT))
    assert [line[-1] for line in screen.lines if line.startswith("0" * 30) and len(line) == 40] == list("0123456789")[
        -(rows // 3) :
    ]
    assert not any(line.startswith("0" * 30) for line in screen.gone)


def test_steps_are_read_together_and_before_what_comes_after_them(foreground, monkeypatch):
    monkeypatch.setattr(live_display, "MIN_REFRESH_SECONDS", 1e9)
    display = display_on(Screen())
    read = []
    monkeypatch.setattr(display._dashboard, "read", lambda event, at=None: read.append(event) or [])
    with display:
        events = [step(1), step(2), step(3), evaluated(3), step(4)]
        for event in events:
            display(event)
        assert read == events[:4]
    assert read == events, "the last picture has the last step"


class SlowTerminal(io.StringIO):
    """A terminal that takes some time for each picture."""

    def __init__(self, clock, costs):
        super().__init__()
        self.clock, self.costs = clock, iter(costs)

    def write(self, text):
        if text.startswith(live_display.BEGIN):
            self.clock.now += next(self.costs)
        return super().write(text)


@pytest.mark.parametrize(
    ("costs", "waited"), [([0.01] * 4, [2.0] * 3), ([0.01, 60.0, 0.01, 0.01], [2.0] * 3), ([1.0] * 4, [200.0] * 3)]
)
def test_a_slow_terminal_is_drawn_on_less_often_but_not_one_that_was_held_up_once(monkeypatch, costs, waited):
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(live_display, "time", SimpleNamespace(monotonic=lambda: clock.now))
    display = display_on(SlowTerminal(clock, costs))
    display.tick()
    found = []
    for _ in waited:
        display.tick()  # not due yet
        drawn = clock.now
        found.append(display._due - drawn)
        clock.now = display._due
        display.tick()
    assert found[1:] == pytest.approx(waited[1:])


def test_lines_of_uncertain_width_are_counted_at_their_widest(foreground):
    lines = ["👩\u200d👩\u200d👧" * 30] * 10  # 60 columns where emoji are joined, 180 elsewhere
    display = display_on(Screen(), lines)
    assert len(display._visible()) == (HEIGHT - len(display._dashboard.lines(WIDTH, HEIGHT))) // 3


@pytest.mark.skipif(not hasattr(signal, "SIGTSTP"), reason="a file descriptor that is a terminal needs POSIX")
def test_ctrl_c_says_at_once_what_happens_and_is_heeded_as_before(foreground):
    screen, (read, write), heeded = Screen(), os.pipe(), []
    screen.fileno = lambda: write
    before = signal.signal(signal.SIGINT, lambda number, frame: heeded.append(number))
    try:
        display = display_on(screen)
        with display:
            display(step(1))
            signal.raise_signal(signal.SIGINT)
        assert heeded == [signal.SIGINT]
        assert signal.getsignal(signal.SIGINT) != display._say_stopping
    finally:
        signal.signal(signal.SIGINT, before)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"\r\x1b[2Kstopping after this step; Ctrl-C again stops at once"


def test_an_interrupt_within_a_drawing_leaves_one_picture(foreground, monkeypatch):
    screen = Screen()
    display = display_on(screen)
    draw = Dashboard.lines

    def interrupted(self, width, height):
        monkeypatch.setattr(Dashboard, "lines", draw)
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt), display:
        display(step(1))
        monkeypatch.setattr(Dashboard, "lines", interrupted)
        display(step(2))
        pytest.fail("it was interrupted")
    assert [line[:11] for line in screen.lines if line.startswith("step")] == ["step 2/100 "]


def test_an_interrupt_before_a_picture_reaches_the_screen_leaves_the_lines_above(foreground):
    """The first picture never came, and the last one must not go up by its height."""
    screen = Screen()
    write, pieces = screen.write, []

    def interrupted(text):
        if "step" in text and not pieces:
            pieces.append(text)
            raise KeyboardInterrupt
        return write(text)

    screen.write = interrupted
    write("text: a text\nrun directory r\n")
    with suppress(KeyboardInterrupt), display_on(screen, ["text: a text", "run directory r"]) as display:
        display(step(1))
    assert pieces
    assert screen.lines[:2] == ["text: a text", "run directory r"]
    assert sum("/100 " in line for line in screen.lines) == 1


@pytest.mark.skipif(not hasattr(signal, "SIGTSTP"), reason="stopping with Ctrl-Z needs POSIX")
def test_the_time_in_which_the_shell_stopped_it_is_not_counted(foreground, monkeypatch):
    screen, (_, write), paused = Screen(), os.pipe(), []
    screen.fileno = lambda: write
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(live_display, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(signal, "raise_signal", lambda number: setattr(clock, "now", clock.now + 50))
    display = display_on(screen)
    monkeypatch.setattr(display._dashboard, "pause", paused.append)
    before = signal.getsignal(signal.SIGTSTP)
    display._suspend(signal.SIGTSTP, None)
    signal.signal(signal.SIGTSTP, before)
    assert paused == [50.0]


def test_a_validation_has_its_own_time_and_not_that_of_the_steps_before_it(foreground, monkeypatch):
    clock, read = SimpleNamespace(now=100.0), []
    monkeypatch.setattr(live_display, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(live_display, "MIN_REFRESH_SECONDS", 1e9)
    display = display_on(Screen())
    monkeypatch.setattr(display._dashboard, "read", lambda event, at=None: read.append((event.step, at)) or [])
    display(step(1))
    clock.now += 1
    display(step(2))
    clock.now += 50
    display(evaluated(2))
    assert read == [(1, 100.0), (2, 101.0), (2, None)]
