"""A training of a sweep, as a process of its own: `charrnn train` with its stderr in a log, which stops when it is told to.

A process by itself, so that one that runs out of memory or crashes leaves the others alone.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import charrnn
from charrnn.cli.signals import stop_politely
from charrnn.learning.parallel import ONE_BLAS_THREAD
from charrnn.runs.directory import LAST, PREVIOUS
from charrnn.runs.launcher import without_launcher
from charrnn.runs.mistakes import shorten
from charrnn.runs.outcome import outcome

POLL = 0.1  # seconds between two looks at whether to stop
STOPPED = 143  # the exit code of a training that was asked to stop
DIVERGED = "training diverged"  # how the message of one that diverged for good begins


@dataclass(frozen=True)
class Job:
    """A training to be made: its run directory, the files for its stderr and its configuration, and what begins it besides."""

    run: Path
    log: Path
    config: Path
    yaml: str
    arguments: Sequence[str]


@dataclass(frozen=True)
class Ended:
    """How it ended: done, diverged, failed, stopped, or waiting, where it was never begun; and of one that went wrong the error,
    in one line.
    """

    state: str
    error: str | None = None

    @property
    def reason(self) -> str:
        """What went wrong, without what to do about it; nothing where nothing did."""
        return shorten((self.error or "").partition("; ")[0])


class Orders:
    """What trainings are told: to save and stop; and, when nobody waits for them any more, to end at once."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        """`stop`: whether a signal has asked for it."""
        self._stop = stop
        self.stop, self.end = threading.Event(), threading.Event()

    def stopping(self) -> bool:
        """Whether they shall save and stop."""
        return self._stop() or self.stop.is_set() or self.end.is_set()


def carry_out(job: Job, orders: Orders) -> Ended:
    """Begin a training, or go on with one, and wait for its end; nothing is done for one that is finished."""
    if outcome(job.run).finished:
        return Ended("done")
    if orders.stopping():
        return Ended("waiting")
    try:
        with job.log.open("ab") as log:
            begins = log.tell()
            code = _run(_command(job), log, orders)
    except OSError as error:
        return Ended("failed", f"{error.filename or job.run}: {error.strerror or error}")
    if code == 0:
        return Ended("done")
    if code == STOPPED and orders.stopping():
        return Ended("stopped")
    message = _error(job.log, begins) or _how(code)
    return Ended("diverged" if message.startswith(DIVERGED) else "failed", message)


def carry_out_there(job: Job) -> Ended:
    """The same in another rank of an MPI job, which hears signals itself."""
    with stop_politely() as stop:
        return carry_out(job, Orders(stop.requested))


def _command(job: Job) -> list[str]:
    begun = (job.run / LAST).is_file() or (job.run / PREVIOUS).is_file()
    charrnn = [sys.executable, "-P", "-m", "charrnn.cli.watched", "train"]
    if begun:
        return [*charrnn, "--resume", str(job.run)]
    job.config.write_text(job.yaml, "utf-8")
    return [*charrnn, *job.arguments, "--config", str(job.config), "--out", str(job.run)]


def _run(command: Sequence[str], log: IO[bytes], orders: Orders) -> int:
    """Its exit code. It is out of reach of the terminal's Ctrl-C: the sweep decides when it ends."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=log,
        env=_environment(),
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Windows' way of the same
    )
    assert process.stdin
    try:
        while process.poll() is None and not orders.end.is_set():
            if orders.stopping():
                process.stdin.close()
            try:
                process.wait(POLL)
            except subprocess.TimeoutExpired:
                continue
    finally:
        process.kill()  # of one that has ended, this is nothing
        process.stdin.close()
    return process.wait()


def _environment() -> dict[str, str]:
    package = str(Path(charrnn.__file__).parents[1])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    return {**without_launcher(os.environ), **ONE_BLAS_THREAD, "PYTHONPATH": path}


def _error(log: Path, begins: int) -> str | None:
    """The last error that was told since."""
    with log.open("rb") as file:
        file.seek(begins)
        lines = file.read().decode("utf-8", "replace").splitlines()
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return told[-1] if told else None


def _how(code: int) -> str:
    if code < 0:
        return f"ended by signal {-code}; was there too little memory?"
    return f"ended with exit code {code}"
