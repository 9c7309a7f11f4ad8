"""Shared by the fault injectors: results, a small training, child processes and the files they leave behind."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import CheckpointError, RunError
from charrnn.runs.run import Run
from charrnn.runs.storage.checkpoint import load
from charrnn.runs.storage.directory import BEST, CONFIG, LAST, METRICS, PREVIOUS
from charrnn.training.events import Stepped

TEXT = "the cat sat on the mat. a dog ran.\nwhy?\n" * 30
SMALL = (  # with all that the command line would otherwise have from default.yaml, and a program from the schema
    "model.cell=rnn",
    "model.num_layers=1",
    "model.readout=linear",
    "model.hidden_size=16",
    "model.initialisation=uniform",
    "model.dropout=0",
    "model.weight_dropout=0",
    "training.batch_size=4",
    "training.sequence_length=8",
    "training.epochs=30",
    "training.learning_rate=3e-3",
    "training.warmup_steps=0",
    "training.label_smoothing=0",
    "training.ema_decay=null",
    "training.eval_every=500",
    "runtime.threads=1",
)
OFTEN = (
    "training.save_every=3",
    "training.eval_every=5",
    "training.sample_every=7",
)  # never all at one step before 105
MARK = "CHARRNN_FAULTS"  # in the environment of a child and of all that it starts
REPEATABLE = ("step", "eval", "sample")  # events with the same facts in every run
SHOWN = 3  # failures that a result names


@dataclass(frozen=True)
class Result:
    """How many faults were tried, and after how many everything was correct."""

    name: str
    tried: int
    survived: int
    detail: str = ""

    @property
    def lost(self) -> int:
        """Faults after which something was wrong."""
        return self.tried - self.survived

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.name}: {self.survived:,} of {self.tried:,} survived{detail}"


class Tally:
    """Counts faults, and keeps the errors of the first few."""

    def __init__(self, name: str, seed: int | None = None) -> None:
        self.name, self.seed = name, seed
        self.tried = self.survived = 0
        self.failures: list[str] = []

    def record(self, attempt: str, wrong: Sequence[str], count: int = 1) -> None:
        """`count` faults were tried in this attempt, after which so much was wrong."""
        self.tried += count
        if not wrong:
            self.survived += count
        elif len(self.failures) < SHOWN:
            self.failures.append(f"{attempt}: {'; '.join(wrong)}")

    def result(self, *details: str) -> Result:
        """The counts so far."""
        seed = [f"seed {self.seed}"] if self.failures and self.seed is not None else []
        return Result(self.name, self.tried, self.survived, "; ".join([*details, *seed, *self.failures]))


def skipped(name: str, reason: str) -> Result:
    """Nothing was tried."""
    return Result(name, 0, 0, f"skipped: {reason}")


def write_text(folder: Path) -> Path:
    """A text of 1,200 characters, 20 different."""
    path = folder / "text.txt"
    path.write_text(TEXT, "utf-8")
    return path


def start(text: Path, path: Path, *settings: str) -> Run:
    """A small training in this process, ready to go."""
    return api.start(api.plan([str(text)], resolve(None, [*SMALL, *settings]).config), path)


def finish(run: Run) -> None:
    """Train to the end."""
    for _ in run.events():
        pass


def stop_at(run: Run, step: int) -> None:
    """Train until a step, as if stopped there by Ctrl-C."""
    asked: list[bool] = []
    for event in run.events(lambda: bool(asked)):
        if isinstance(event, Stepped) and event.step >= step:
            asked.append(True)


def events_of(run: Path) -> dict[tuple[str, int], dict[str, object]]:
    """The last event of each step, validation and sample in metrics.jsonl, without values that depend on the clock."""
    events: dict[tuple[str, int], dict[str, object]] = {}
    for line in (run / METRICS).read_text("utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # the line that was being written when the process was killed
            continue
        if event["event"] in REPEATABLE:
            event.pop("chars_per_second", None)
            event.pop("bytes_per_second", None)
            events[event["event"], event["step"]] = event
    return events


def differences(run: Path, whole: Path) -> list[str]:
    """The differences between a finished run and an undisturbed one."""
    wrong = [f"{name} differs" for name in (LAST, BEST, CONFIG) if content(run / name) != content(whole / name)]
    wrong += [f"{path.name} is left" for path in side_files(run)]
    found, needed = events_of(run), events_of(whole)
    if found != needed:
        differing = sorted(key for key in found.keys() | needed.keys() if found.get(key) != needed.get(key))
        wrong.append(f"metrics.jsonl: {len(differing)} events lack or differ, the first {differing[0]}")
    return wrong


def content(path: Path) -> bytes | None:
    """The bytes of a file; None if it does not exist."""
    return path.read_bytes() if path.is_file() else None


def side_files(run: Path) -> list[Path]:
    """Temporary files of unfinished writes."""
    return sorted(run.glob("*.tmp"))


def has_checkpoint(run: Path) -> bool:
    """Whether there is a checkpoint to resume from."""
    return (run / LAST).is_file() or (run / PREVIOUS).is_file()


def nothing_loads(run: Path) -> list[str]:
    """Errors if neither the last nor the previous checkpoint loads; empty if one does, or if there is none yet."""
    errors = []
    for name in (LAST, PREVIOUS):
        if (run / name).is_file():
            try:
                load(run / name)
                return []
            except CheckpointError as error:
                errors.append(f"no checkpoint loads: {error}")
    return errors


def go_on(text: Path, run: Path, *settings: str) -> list[str]:
    """Train to the end from the last checkpoint, or from the start if there is none. Return what prevented it."""
    wrong = []
    try:
        going = api.resume(run) if has_checkpoint(run) else start(text, run, *settings)
    except RunError as error:
        wrong.append(f"refused: {error}")
        clear(run)
        going = start(text, run, *settings)
    finish(going)
    return wrong


def clear(run: Path) -> None:
    """Remove a folder of files."""
    for path in run.iterdir():
        path.unlink()
    run.rmdir()


def train_command(text: Path, run: Path, *settings: str) -> list[str]:
    """The small training as a command line."""
    options = [word for setting in (*SMALL, *settings) for word in ("-s", setting)]
    return ["train", str(text), "-o", str(run), "--quiet", *options]


def resume_command(run: Path) -> list[str]:
    """Resume a run."""
    return ["train", "--resume", str(run), "--quiet"]


def spawn(arguments: Sequence[str], mark: str = "") -> "subprocess.Popen[str]":
    """Start the command line; `mark` finds it and its workers again."""
    return subprocess.Popen(
        [sys.executable, "-m", "charrnn", *arguments],
        env={**os.environ, MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def run_command(arguments: Sequence[str], timeout: float = 120) -> tuple[int, str]:
    """Run the command line to its end: exit code and stderr."""
    child = spawn(arguments)
    try:
        _, error = child.communicate(timeout=timeout)
    finally:
        end(child)
    return child.returncode, error


def end(child: "subprocess.Popen[str]") -> None:
    """Kill a child process and wait for its end."""
    if child.poll() is None:
        child.kill()
        child.communicate()


def marked(mark: str) -> list[int]:
    """The processes with a mark in their environment; none if the system does not show it."""
    found, needle = [], f"{MARK}={mark}\0".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes() + b"\0"
            alive = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()[0] not in "ZX"
        except (OSError, IndexError):
            continue
        if needle in environment and alive:
            found.append(int(folder.name))
    return sorted(found)


def in_child(work: Callable[[], Any]) -> tuple[int, Any]:
    """Call `work` in a fork of this process; return its exit code (negative: the signal that ended it) and its result."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(read)
            answer = pickle.dumps(work())
            with open(write, "wb") as file:
                file.write(answer)
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with open(read, "rb") as file:
        answer = file.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, pickle.loads(answer) if answer else None
