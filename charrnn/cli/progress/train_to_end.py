"""A training from here to its end: shown, stopped by signals, with an exit code."""

from contextlib import closing, nullcontext, suppress

from charrnn.cli.exit_codes import UNREAD
from charrnn.cli.output.console import write_path
from charrnn.cli.progress.follow import follow
from charrnn.cli.progress.tensorboard import TensorBoardLog
from charrnn.runs.run import Run
from charrnn.system.signals import graceful_stop
from charrnn.training.parallel.communicator import Communicator


def train_to_end(run: Run, json: bool, quiet: bool, tensorboard: bool, ranks: Communicator) -> int:
    """Train to the end, and print the path of the run, on the first rank only. Returns the exit code."""
    prints = ranks.rank == 0
    board = TensorBoardLog(run.folder, run.plan.config.data.unit) if tensorboard and prints else None
    with graceful_stop() as stop, closing(board) if board else nullcontext():
        finished = follow(run, stop.requested, json and prints, quiet or not prints, [board] if board else [])
    code = max(ranks.all_gather(stop.exit_code))  # of a signal, whichever rank got it
    stopped = finished.reason == "stopped"
    if stopped and not code:
        return UNREAD
    if prints and not json:
        with suppress(OSError) if stopped else nullcontext():  # after a signal the terminal may be gone
            write_path(run.path)
    return code if stopped else 0
