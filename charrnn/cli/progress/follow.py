"""How a training looks: a live display in a terminal, plain lines elsewhere, JSON for machines."""

import errno
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

from rich.console import Console

from charrnn.cli.exit_codes import UNREAD
from charrnn.cli.output.console import message_console, write_path
from charrnn.cli.output.live_terminal import can_draw_on
from charrnn.cli.output.next_command import suggest
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.progress.dashboard import Dashboard
from charrnn.cli.progress.live_display import LiveDisplay
from charrnn.cli.progress.plain_lines import PlainLines, introduction
from charrnn.cli.progress.stage_lines import StageLines
from charrnn.cli.progress.tensorboard import TensorBoardLog
from charrnn.cli.reports.comparison import BASE_IS_BEST, Training, compare, remedy
from charrnn.errors import RunError
from charrnn.runs.run import Run
from charrnn.runs.storage.history import History, read_history
from charrnn.runs.storage.metrics_log import as_json
from charrnn.system.signals import graceful_stop
from charrnn.text.characters.printable import json_text
from charrnn.text.characters.unit_names import Unit
from charrnn.training.events import Counted, Event, Finished, Saved, Stepped
from charrnn.training.parallel.communicator import Communicator

EventSink = Callable[[Event], object]  # a display, a log, JSON
COUNTING = "comparing with an n-gram, which only counts"
STEPS_OF_HISTORY = 20_000  # that are read of a training that is resumed: more are not seen


def train_to_end(run: Run, json: bool, quiet: bool, tensorboard: bool, ranks: Communicator) -> int:
    """Train to the end, and print the path of the run, on rank 0 only. Returns the exit code."""
    prints = ranks.rank == 0
    board = TensorBoardLog(run.folder, run.plan.config.data.unit) if tensorboard and prints else None
    with graceful_stop() as stop, closing(board) if board else nullcontext():
        finished = follow(run, stop.is_set, json and prints, quiet or not prints, [board] if board else [])
    code = max(ranks.all_gather(stop.exit_code))  # of a signal, whichever rank got it
    stopped = finished.reason == "stopped"
    if stopped and not code:
        return UNREAD
    if prints and not json:
        with suppress(OSError) if stopped else nullcontext():  # after a signal the terminal may be gone
            write_path(run.path)
            if not quiet:
                _suggest_next(run.path, stopped)
    return code if stopped else 0


def _suggest_next(run: Path, stopped: bool) -> None:
    if stopped:
        suggest("go on", "charrnn train --resume", run)
    else:
        suggest("write with it", "charrnn sample", run)


def follow(run: Run, stop: Callable[[], bool], json: bool, quiet: bool, more: Sequence[EventSink] = ()) -> Finished:
    """Run a training to its end, show its events, pass them to the sinks in `more`, and return the last one."""
    console = message_console()
    unit = run.plan.config.data.unit
    sinks: list[EventSink] = [*more, *([partial(_json_line, unit)] if json else [])]
    if quiet:
        return _consume(run, stop, sinks)
    above, bound = introduction(run), run.plan.config.training.max_grad_norm
    try:
        for line in above:
            console.print(line, soft_wrap=True)
    except BrokenPipeError:
        return _consume(run, lambda: True, [])
    ending = partial(_print_comparison, run, console)
    if not can_draw_on(console, json):
        return _consume(run, stop, [PlainLines(console, run.plan.steps, bound, unit), ending, *sinks])
    live = LiveDisplay(console, _dashboard(run), above)
    finished = None
    try:
        with live, ExitStack() as counting:
            finished = _consume(
                run, stop, [live, partial(_show_counting, counting, console), ending, *sinks], live.tick
            )
    except OSError:  # the terminal is gone, and cannot be restored
        if finished is None:
            raise
    return finished


def _show_counting(shown: ExitStack, console: Console, event: Event) -> None:
    """Show, from the end of a training until it is done, that an n-gram is counted: a megabyte takes seconds."""
    if isinstance(event, Finished) and event.reason != "stopped":
        shown.enter_context(StageLines(console))(COUNTING)
    elif isinstance(event, Counted):
        shown.close()


def _print_comparison(run: Run, console: Console, event: Event) -> None:
    """Print at the end whether the network is better than the n-gram, and if not, what would help."""
    if not isinstance(event, Counted) or event.best_loss is None:
        return
    plan, progress, gain = run.plan, run.trainer.progress, event.loss - event.best_loss
    is_good = gain >= 0 and progress.best_step > 0
    lines = [compare(gain, None, event.best_loss, event.uniform)]
    if gain < 0:
        made = Training(plan.config, plan.sources, len(plan.corpus.ids), progress.best_step, progress.step, run.path)
        lines.append(remedy(made))
    elif not is_good:
        lines.append(BASE_IS_BEST)
    for line in lines:
        console.print(mark_unsafe_line(line, "green" if is_good else "yellow"), soft_wrap=True)


def _dashboard(run: Run) -> Dashboard:
    training, done = run.plan.config.training, run.trainer.progress.step
    per_step = training.batch_size * (training.stride or training.sequence_length)
    return Dashboard(
        run.plan.steps,
        done,
        training.max_grad_norm,
        unit=run.plan.config.data.unit,
        history=_history(run.path, done) if done else None,
        eval_every=run.trainer.eval_every,
        windows_to_validate=run.trainer.valid.size / per_step,
    )


def _history(path: Path, done: int) -> History | None:
    """The steps before a training was resumed; None if they cannot be read: they are only shown."""
    try:
        return read_history(path, STEPS_OF_HISTORY).until(done)
    except RunError:
        return None


def _consume(
    run: Run, stop: Callable[[], bool], sinks: list[EventSink], tick: Callable[[], None] = lambda: None
) -> Finished:
    """Follow a training to its end. If the output is closed (`| head`, a closed terminal), stop it as a signal would.

    `tick` is called now and then, also between events. Raises OSError, at the end, if the output could not be written
    for another reason.
    """
    finished, outputs = None, EventSinks(sinks, tick)
    for event in run.events(lambda: stop() or outputs.poll()):
        outputs.emit(event)
        if isinstance(event, Finished):
            finished = event
    if outputs.failure:  # a full disk under a redirection, for example: the training is saved first
        raise outputs.failure
    assert finished is not None, "a training ends with Finished"
    return finished


class EventSinks:
    """Passes the events of a training to its sinks, until one of them is closed."""

    def __init__(self, sinks: Sequence[EventSink], tick: Callable[[], None]) -> None:
        self._sinks, self._tick = sinks, tick
        self._closed = False
        self.failure: OSError | None = None

    def emit(self, event: Event) -> None:
        """Pass an event to all of them."""
        with self._close_on_error():
            for sink in self._sinks:
                sink(event)

    def poll(self) -> bool:
        """Call `tick`. Returns whether a sink is closed."""
        with self._close_on_error():
            self._tick()
        return self._closed

    @contextmanager
    def _close_on_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._sinks, self._tick, self._closed = [], lambda: None, True
            hung_up = isinstance(error, BrokenPipeError) or error.errno == errno.EIO  # of a pipe or a terminal
            self.failure = None if hung_up else error


def _json_line(unit: Unit, event: Event) -> None:
    sys.stdout.write(json_text(as_json(event, unit)) + "\n")
    if not isinstance(event, Stepped | Saved):
        sys.stdout.flush()
