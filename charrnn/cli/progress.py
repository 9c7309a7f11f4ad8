"""How a training looks: one live display in a terminal, plain lines elsewhere, JSON for machines."""

import errno
import json
import sys
import time
from collections.abc import Callable
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from charrnn.cli import flows
from charrnn.cli.display import Terminal, printable
from charrnn.learning.events import Evaluated, Event, Finished, Flowed, Recovered, Sampled, Saved, Stepped, bits
from charrnn.runs.recording import as_json
from charrnn.runs.run import Run

SMOOTHING = 0.98  # of loss, speed and share clipped: about the last fifty steps
LINE_EVERY = 10.0  # seconds between plain lines
ENDINGS = {
    "steps": "all steps made",
    "patience": "no better for so long",
    "stopped": "stopped; what was learned is saved",
}


class View(Protocol):
    """What is told of an event."""

    def __call__(self, event: Event) -> None: ...


def follow(run: Run, stop: Callable[[], bool], json: bool, quiet: bool) -> Finished:
    """Draw a training to its end, and hand back how it ended."""
    console = Terminal(stderr=True, highlight=False)
    steps = run.plan.steps
    view: View
    try:
        for line in [] if quiet else _introduction(run):
            console.print(Text(printable(line)), soft_wrap=True)
    except BrokenPipeError:
        return _drain(run, lambda: True, [])
    if quiet:
        return _drain(run, stop, [_json_line] if json else [])
    if not console.is_terminal:
        view = PlainLines(console, steps)
        return _drain(run, stop, [view, *([_json_line] if json else [])])
    view = LiveDisplay(console, steps, run.trainer.progress.step)
    finished = None
    try:
        with Live(get_renderable=view.render, console=console, refresh_per_second=4, transient=True):
            finished = _drain(run, stop, [view, *([_json_line] if json else [])])
    except OSError:  # the terminal went away, and cannot be left as it was
        if finished is None:
            raise
    return finished


class Averages:
    """The running figures of a training, smoothed."""

    def __init__(self) -> None:
        self.last: Stepped | None = None
        self.valid: float | None = None
        self._sums = {"loss": 0.0, "speed": 0.0, "clipped": 0.0}
        self._weight = 0.0

    def add(self, event: Event) -> None:
        """Take note of a step or an evaluation."""
        if isinstance(event, Stepped):
            self.last = event
            values = {"loss": event.loss, "speed": event.chars_per_second, "clipped": float(event.clipped)}
            self._sums = {
                name: SMOOTHING * total + (1 - SMOOTHING) * values[name] for name, total in self._sums.items()
            }
            self._weight = SMOOTHING * self._weight + 1 - SMOOTHING
        elif isinstance(event, Evaluated):
            self.valid = event.loss

    def __getitem__(self, name: str) -> float:
        return self._sums[name] / self._weight

    def line(self) -> str:
        """The figures in words."""
        if self.last is None:
            return "starting"
        loss = self["loss"]
        valid = f" · valid {self.valid:.4f}" if self.valid is not None else ""
        return (
            f"epoch {self.last.epoch:.2f} · loss {loss:.4f} ({bits(loss):.3f} bpc){valid} · rate {self.last.learning_rate:.2e} · "
            f"gradient {self.last.grad_norm:.2f} ({self['clipped']:.0%} clipped) · {self['speed'] / 1000:,.0f}k characters/s"
        )


class LiveDisplay:
    """A bar and a line of figures that stay at the bottom; evaluations and samples scroll by above."""

    def __init__(self, console: Console, steps: int, done: int) -> None:
        self._console, self._averages = console, Averages()
        self._bar = Progress(
            TextColumn("step"), MofNCompleteColumn(), BarColumn(bar_width=None), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
            expand=True,
        )  # fmt: skip
        self._task = self._bar.add_task("steps", total=steps, completed=done)

    def __call__(self, event: Event) -> None:
        self._averages.add(event)
        if isinstance(event, Stepped | Recovered):
            self._bar.update(self._task, completed=event.step)
        if not isinstance(event, Stepped):
            for line in describe(event):
                self._console.print(line)

    def render(self) -> RenderableType:
        """What stands at the bottom now."""
        return Group(self._bar, Text(self._averages.line()))


class PlainLines:
    """A line every few seconds, and one for each thing that is not a step."""

    def __init__(self, console: Console, steps: int) -> None:
        self._console, self._steps, self._averages = console, steps, Averages()
        self._told = time.monotonic()

    def __call__(self, event: Event) -> None:
        self._averages.add(event)
        if isinstance(event, Stepped):
            if time.monotonic() - self._told >= LINE_EVERY:
                self._told = time.monotonic()
                self._console.print(
                    Text(f"step {event.step:,} of {self._steps:,} · {self._averages.line()}"), soft_wrap=True
                )
        else:
            for line in describe(event):
                self._console.print(line, soft_wrap=True)


def describe(event: Event) -> list[Text]:
    """An event other than a step, in words."""
    match event:
        case Evaluated():
            best = " · the best so far" if event.best else ""
            return [
                Text(
                    f"step {event.step:,}: validation loss {event.loss:.4f} nats, {event.bpc:.3f} bpc{best}",
                    style="bold",
                )
            ]
        case Sampled():
            return [Text("  " + line, style="cyan") for line in printable(event.text).strip("\n").split("\n")]
        case Flowed():
            return [Text(flows.reach(event))]
        case Recovered():
            return [
                Text(
                    f"step {event.diverged_step:,}: {event.reason}: back to step {event.step:,}, at half the learning rate, "
                    f"{event.learning_rate:.2e} (try {event.tries})",
                    style="bold yellow",
                )
            ]
        case Finished():
            best = f" · best validation loss {event.best_loss:.4f}" if event.best_loss is not None else ""
            return [Text(f"step {event.step:,}: {ENDINGS[event.reason]}{best} · {event.seconds:.0f} s", style="bold")]
    return []


def _introduction(run: Run) -> list[str]:
    plan, config = run.plan, run.plan.config
    model, training = config.model, config.training
    lines = [
        f"text: {', '.join(plan.sources)}: {len(plan.corpus.ids):,} characters, {len(plan.corpus.vocabulary)} different",
        f"network: {model.cell} ({model.nonlinearity}), {model.hidden_size} units, {plan.parameters:,} parameters, {training.precision}",
        f"training: {plan.steps:,} steps of {training.batch_size} streams x {training.sequence_length} characters, "
        f"{plan.threads} core{'s' if plan.threads > 1 else ''}; run directory {run.path}",
        *plan.notes,
    ]
    done = run.trainer.progress.step
    return [*lines, f"resuming after step {done:,}"] if done else lines


def _drain(run: Run, stop: Callable[[], bool], views: list[View]) -> Finished:
    """Follow a training to its end. Where nobody reads what is told any more (`| head`, a closed terminal), stop it as a
    signal would. Raises OSError, at the end, where what is told cannot be written for another reason.
    """
    finished, listening, failed = None, list(views), None
    for event in run.events(lambda: stop() or len(listening) < len(views)):
        try:
            for view in listening:
                view(event)
        except OSError as error:
            listening.clear()
            gone = isinstance(error, BrokenPipeError) or error.errno == errno.EIO  # of a pipe or a terminal
            failed = None if gone else error
        if isinstance(event, Finished):
            finished = event
    if failed:  # a full disk under a redirection, for example: the training is saved first
        raise failed
    assert finished is not None, "a training ends with Finished"
    return finished


def _json_line(event: Event) -> None:
    sys.stdout.write(json.dumps(as_json(event), ensure_ascii=False) + "\n")
    if not isinstance(event, Stepped | Saved):
        sys.stdout.flush()
