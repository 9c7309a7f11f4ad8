"""How a training looks: a live display in a terminal, plain lines elsewhere, JSON for machines."""

import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from rich.console import Console

from charrnn.cli.output.console import Terminal
from charrnn.cli.progress.dashboard import Dashboard
from charrnn.cli.progress.live_display import LiveDisplay, in_foreground
from charrnn.cli.progress.plain_lines import PlainLines, introduction
from charrnn.runs.run import Run
from charrnn.runs.storage.metrics_log import as_json
from charrnn.text.characters.printable import json_text
from charrnn.text.characters.unit_names import Unit
from charrnn.training.events import Event, Finished, Saved, Stepped

NOTEBOOK = (
    "JPY_PARENT_PID"  # Jupyter's, in what its cells start: a terminal by its own account, whose cursor cannot go up
)


class View(Protocol):
    """What is told of an event."""

    def __call__(self, event: Event) -> None: ...


def follow(run: Run, stop: Callable[[], bool], json: bool, quiet: bool, more: Sequence[View] = ()) -> Finished:
    """Draw a training to its end, telling `more` of it too, and hand back how it ended."""
    console = Terminal(stderr=True, highlight=False)
    unit = run.plan.config.data.unit
    views = [*more, *([partial(_json_line, unit)] if json else [])]
    if quiet:
        return _drain(run, stop, views)
    above, bound = introduction(run), run.plan.config.training.max_grad_norm
    try:
        for line in above:
            console.print(line, soft_wrap=True)
    except BrokenPipeError:
        return _drain(run, lambda: True, [])
    if not can_be_drawn_on(console, json):
        return _drain(run, stop, [PlainLines(console, run.plan.steps, bound, unit), *views])
    dashboard = Dashboard(run.plan.steps, run.trainer.progress.step, bound, unit=unit)
    live = LiveDisplay(console, dashboard, above)
    finished = None
    try:
        with live:
            finished = _drain(run, stop, [live, *views], live.tick)
    except OSError:  # the terminal went away, and cannot be left as it was
        if finished is None:
            raise
    return finished


def can_be_drawn_on(console: Console, json: bool) -> bool:
    """Whether a picture can stand still on stderr: it is a terminal that can move its cursor, shows no JSON besides, and is
    not a shell's that has started this in the background.
    """
    terminal = console.is_interactive and sys.stderr.isatty() and not console.is_dumb_terminal
    shared = (json and sys.stdout.isatty()) or not in_foreground(console)
    return terminal and NOTEBOOK not in os.environ and not shared


def _drain(run: Run, stop: Callable[[], bool], views: list[View], tick: Callable[[], None] = lambda: None) -> Finished:
    """Follow a training to its end. Where nobody reads what is told any more (`| head`, a closed terminal), stop it as a
    signal would. `tick` is called now and then, also while nothing happens. Raises OSError, at the end, where what is told
    cannot be written for another reason.
    """
    finished, readers = None, Readers(views, tick)
    for event in run.events(lambda: stop() or readers.are_gone()):
        readers.tell(event)
        if isinstance(event, Finished):
            finished = event
    if readers.failure:  # a full disk under a redirection, for example: the training is saved first
        raise readers.failure
    assert finished is not None, "a training ends with Finished"
    return finished


class Readers:
    """Those who are told of a training, until one of them is gone."""

    def __init__(self, views: Sequence[View], tick: Callable[[], None]) -> None:
        self._views, self._tick = views, tick
        self._gone = False
        self.failure: OSError | None = None

    def tell(self, event: Event) -> None:
        """Tell all of them of an event."""
        with self._noticing():
            for view in self._views:
                view(event)

    def are_gone(self) -> bool:
        """Whether one is gone; the others are given the time."""
        with self._noticing():
            self._tick()
        return self._gone

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._views, self._tick, self._gone = [], lambda: None, True
            gone = isinstance(error, BrokenPipeError) or error.errno == errno.EIO  # of a pipe or a terminal
            self.failure = None if gone else error


def _json_line(unit: Unit, event: Event) -> None:
    sys.stdout.write(json_text(as_json(event, unit)) + "\n")
    if not isinstance(event, Stepped | Saved):
        sys.stdout.flush()
