"""A progress bar on stderr, if that is a terminal with a cursor that moves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from charrnn.cli.output.console import message_console
from charrnn.cli.output.live_terminal import can_draw_on
from charrnn.system.terminal_echo import without_echo


@contextmanager
def progress_bar(what: str, json: bool) -> Iterator[Callable[[float], object]]:
    """Yield a function that moves the bar to a share of 1; it is erased at the end. `json`: stdout gets JSON."""
    console = message_console()
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    draws = can_draw_on(console, json)
    with (
        Progress(*columns, console=console, transient=True, disable=not draws) as progress,
        without_echo(console.file) if draws else nullcontext(),
    ):
        task = progress.add_task(what, total=1.0)
        yield lambda share: progress.update(task, completed=share)
