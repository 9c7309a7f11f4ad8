"""Runs a sweep: starts its trainings, follows them to their ends, and compares them."""

import errno
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

import typer

from charrnn.cli.exit_codes import FAILED, UNREAD
from charrnn.cli.output.console import message_console, print_error, print_note, write_json, write_path
from charrnn.cli.output.next_command import suggest
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.sweep import table
from charrnn.cli.sweep.live_view import SweepView
from charrnn.cli.sweep.table import Row
from charrnn.runs.storage.status import read_status
from charrnn.sweeps import sweep as sweeps
from charrnn.sweeps.jobs import StopSignal, make_jobs
from charrnn.sweeps.scheduler import default_jobs, run_jobs, submitter
from charrnn.sweeps.sweep import LOGS, Sweep
from charrnn.system.files.folder_handle import Folder
from charrnn.system.signals import StopRequest, graceful_stop
from charrnn.words import plural

SUPERVISED = "charrnn.cli.supervised"  # the module that runs each training


def run_sweep(sweep: Sweep, out: Path | None, team: Executor | None, jobs: int | None, json: bool, quiet: bool) -> int:
    """Run every training of a sweep that is not done yet, and show what they found.

    They run on the other ranks of a `team`, or here, `jobs` at once (None: one for each core). Returns the exit code.
    """
    lock = sweeps.open_directory(sweep, out)
    folder = lock.folder
    try:
        with graceful_stop() as stop, _exit_if_unread(stop):
            at_once = getattr(team, "num_workers", 1) if team else jobs or default_jobs(sweep)
            workers = min(at_once, len(sweep.trials))
            if not quiet:
                trainings = plural(len(sweep.trials), "training")
                print_note(f"{trainings}, {workers} at once; directory {folder.path}", *sweep.notes)
            rows = _run_all(sweep, folder, team, workers, StopSignal(stop.is_set), json, quiet)
            return _report(rows, folder.path, out is not None, stop, json, quiet)
    finally:
        lock.release()


@contextmanager
def _exit_if_unread(stop: StopRequest) -> Iterator[None]:
    """If nobody reads the output any more (`| head`, a closed terminal), exit as after a signal: all was stopped and
    saved.
    """
    try:
        yield
    except OSError as error:
        if stop.is_set():
            raise typer.Exit(stop.exit_code) from None
        if isinstance(error, BrokenPipeError) or error.errno == errno.EIO:  # of a pipe or a terminal
            raise typer.Exit(UNREAD) from None
        raise


def _run_all(
    sweep: Sweep, folder: Folder, team: Executor | None, workers: int, stop_signal: StopSignal, json: bool, quiet: bool
) -> list[Row]:
    view = SweepView(sweep, folder, json, quiet)
    with submitter(folder, team, workers, stop_signal) as submit:
        try:
            view.follow(run_jobs(submit, make_jobs(sweep, SUPERVISED), stop_signal.should_stop, view.tick))
        except Exception:  # for example, nobody reads the output any more
            stop_signal.stop.set()
            raise
        except BaseException:  # a second Ctrl-C
            stop_signal.end.set()
            raise
    path = folder.path
    return [
        Row(path / name, trial.values, view.results[number], read_status(path / name))
        for number, (name, trial) in enumerate(zip(sweep.names, sweep.trials, strict=True))
    ]


def _report(rows: list[Row], path: Path, named: bool, stop: StopRequest, json: bool, quiet: bool) -> int:
    """Print the table on stderr and the best run on stdout; returns the exit code. `named`: the command line names the
    sweep's directory.
    """
    best = table.best(rows)
    if json:
        write_json(table.as_json(rows))
    if not quiet:
        console = message_console()
        table.table(rows).show(console)
        if len(table.units(rows)) > 1:
            print_note("losses per character and per byte cannot be compared: ranks count within one data.unit only")
        if best:
            console.print(mark_unsafe_line(f"best: {best.run}", "bold"), soft_wrap=True)
    if stop.is_set():
        done = sum(row.is_done for row in rows)
        print_note(
            f"stopped after {done} of {len(rows)} trainings; checkpoints saved; the same command with -o {path} continues"
        )
        if not quiet:
            suggest("go on", "charrnn", *sys.argv[1:], *(() if named else ("-o", path)))
        return stop.exit_code
    if best and not json:
        write_path(best.run)
        if not quiet:
            suggest("write with it", "charrnn sample", best.run)
    failed = [row for row in rows if not row.is_done]
    if failed:
        print_error(f"{len(failed)} of {len(rows)} trainings failed, {failed[0].run.name} first: see {path / LOGS}")
    return FAILED if failed else 0
