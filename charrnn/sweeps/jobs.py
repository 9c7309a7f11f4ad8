"""A training of a sweep as a process: `charrnn train` with its stderr in a log, which stops when it is asked to.

Each training is a process, so that one that crashes or runs out of memory does not stop the others.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from charrnn.config.problems import shorten
from charrnn.config.resolve import to_yaml
from charrnn.package import child_python_path
from charrnn.runs.storage.directory import LAST, PREVIOUS
from charrnn.runs.storage.status import read_status
from charrnn.sweeps.sweep import CONFIGS, LOGS, Sweep
from charrnn.system.cores import ONE_BLAS_THREAD
from charrnn.system.files.folder_handle import Folder
from charrnn.system.mpi_environment import without_launcher
from charrnn.system.platform_features import OWN_GROUP
from charrnn.system.signals import exit_code, graceful_stop
from charrnn.text import cache
from charrnn.training.divergence import DIVERGED

FOLDER_VARIABLES = (cache.FOLDER_VARIABLE, "TMPDIR", "TEMP", "TMP")  # their values may be relative paths
POLL_SECONDS = 0.1  # between two checks whether to stop
STOPPED_EXIT_CODE = exit_code(signal.SIGTERM)  # of a training that was asked to stop


@dataclass(frozen=True)
class Job:
    """A training to run: the name of its run directory, its configuration, and further arguments of `charrnn train`.

    `module` is the module that runs such a command in a folder, and stops it as after SIGTERM when its stdin ends.
    """

    name: str
    yaml: str
    arguments: Sequence[str]
    module: str


@dataclass(frozen=True)
class JobResult:
    """How a training ended: done, diverged, failed, stopped, or waiting (never started). `error` is one line."""

    state: str
    error: str | None = None

    @property
    def reason(self) -> str:
        """The error without its advice; empty if there is none."""
        return shorten((self.error or "").partition("; ")[0])


class StopSignal:
    """Asks trainings to save and stop, or, after a second Ctrl-C, to end at once."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        """`stop` returns whether a signal has asked to stop."""
        self._stop = stop
        self.stop, self.end = threading.Event(), threading.Event()

    def should_stop(self) -> bool:
        """Whether the trainings must save and stop."""
        return self._stop() or self.stop.is_set() or self.end.is_set()


def make_jobs(sweep: Sweep, module: str) -> list[Job]:
    """A job for each trial of a sweep; `module` runs it (see Job)."""
    time = [] if sweep.seconds is None else ["--time", f"{sweep.seconds}s"]
    trials = zip(sweep.names, sweep.trials, strict=True)
    return [Job(name, to_yaml(trial.config), [*sweep.sources, *time], module) for name, trial in trials]


def run_job(job: Job, folder: Folder, stop_signal: StopSignal) -> JobResult:
    """Start or resume a training in its sweep's directory, and wait for its end; does nothing if it is finished."""
    if read_status(folder.path / job.name).finished:
        return JobResult("done")
    if stop_signal.should_stop():
        return JobResult("waiting")
    try:
        folder.refuse_link(job.name)
        with folder.subfolder(LOGS) as logs, logs.append_to(f"{job.name}.log") as log:
            begins = log.seek(0, os.SEEK_END)
            code = _run(job, folder, log, stop_signal)
            log.seek(begins)
            message = _error(log.read(), code)
    except OSError as error:
        return JobResult("failed", f"{error.filename or folder.path / job.name}: {error.strerror or error}")
    if code == 0 and folder.has_file(f"{job.name}/{LAST}"):
        return JobResult("done")
    if code == 0:
        return JobResult("failed", f"{folder.path / job.name}: was renamed or removed, so that its result is missing")
    if code == STOPPED_EXIT_CODE and stop_signal.should_stop():
        return JobResult("stopped")
    return JobResult("diverged" if message.startswith(DIVERGED) else "failed", message)


def run_job_on_rank(job: Job, path: Path, number: int) -> JobResult:
    """Run a job in another MPI rank, which handles signals itself; `number` identifies the sweep's directory."""
    try:
        with graceful_stop() as stop, Folder(path) as folder:
            if folder.inode != number:
                return JobResult("failed", f"{path}: not the directory in which this sweep started; was that renamed?")
            return run_job(job, folder, StopSignal(stop.is_set))
    except OSError as error:
        return JobResult("failed", f"{path}: {error.strerror or error}")


def _command(job: Job, folder: Folder) -> list[str]:
    """The command that starts or resumes a training, within the sweep's directory."""
    if folder.has_file(f"{job.name}/{LAST}") or folder.has_file(f"{job.name}/{PREVIOUS}"):
        return ["train", "--resume", job.name]
    with folder.subfolder(CONFIGS) as configs, configs.whole_file(f"{job.name}.yaml") as file:
        file.write(job.yaml.encode())
    return ["train", *job.arguments, "--config", f"{CONFIGS}/{job.name}.yaml", "--out", job.name]


def _run(job: Job, folder: Folder, log: IO[bytes], stop_signal: StopSignal) -> int:
    """Run a job's command and return its exit code. Ctrl-C does not reach it: the sweep decides when it ends."""
    with folder.reopen() as place:
        held = place.descriptor
        where = str(place.path.absolute()) if held is None else str(held)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", job.module, where, *_command(job, folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=_environment(),
            pass_fds=() if held is None else (held,),
            **OWN_GROUP,
        )
    assert process.stdin
    try:
        while process.poll() is None and not stop_signal.end.is_set():
            if stop_signal.should_stop():
                process.stdin.close()
            try:
                process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    finally:
        process.kill()  # does nothing if it has ended
        process.stdin.close()
    return process.wait()


def _environment() -> dict[str, str]:
    """The environment of this process, for one that works in another folder."""
    moved = {name: os.path.abspath(os.environ[name]) for name in FOLDER_VARIABLES if os.environ.get(name)}
    return {**without_launcher(os.environ), **ONE_BLAS_THREAD, **moved, "PYTHONPATH": child_python_path()}


def _error(log: bytes, code: int) -> str:
    """The last error in a log, or how a process ended that logged none."""
    lines = log.decode("utf-8", "replace").splitlines()
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    ended = f"ended by signal {-code}; possibly out of memory" if code < 0 else f"ended with exit code {code}"
    return errors[-1] if errors else ended
