"""A training that is killed repeatedly ends with the same bytes as an undisturbed one.

What can be on the disk after a SIGKILL: no run directory, or one without a checkpoint, from which nothing can be resumed
and which is started over; or one with a checkpoint, from which `train --resume` goes on.
"""

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faults.common import (
    OFTEN,
    Result,
    Tally,
    clear,
    content,
    differences,
    end,
    finish,
    go_on,
    has_checkpoint,
    in_child,
    marked,
    nothing_loads,
    resume_command,
    run_command,
    side_files,
    skipped,
    spawn,
    start,
    train_command,
    write_text,
)
from faults.interpose import GONE, Counting, ExitsAt, interposed

from charrnn import api

STEPS = 300
AGAIN = 0.6  # the chance that a resumed training is killed as well
IN_A_SAVE = 0.3  # the chance that a kill waits for a file that is being written
LEAVING = 5.0  # seconds that workers have to notice that they are alone
NOT_BEGUN = re.compile(r"not empty|nothing to resume|holds no|no such run directory")


def kills(count: int, folder: Path, seed: int = 0) -> Result:
    """SIGKILL at random instants, from the start of the process to its end."""
    tally, chance = Tally("kills", seed), random.Random(seed)
    whole = [Undisturbed(folder / f"whole-{threads}", threads) for threads in (1, 2)]

    def attempt(number: int, drawn: float, most: int) -> "Killed":
        beside = whole[number % 2]  # as far from the text: a checkpoint records the way
        training = Killed(beside, beside.path.parent / f"run-{number}", random.Random(drawn))
        training.to_the_end(most)
        return training

    made: list[Killed] = []
    with ThreadPoolExecutor(2) as pool:
        while (missing := count - sum(len(each.places) for each in made)) > 0:
            numbers = range(len(made), len(made) + min(2, missing))
            drawn = [chance.random() for _ in numbers]
            made += pool.map(attempt, numbers, drawn, [missing // len(numbers)] * len(numbers))
    for number, each in enumerate(made):
        tally.record(f"training {number}", each.wrong, len(each.places))
    places = Counter(place for each in made for place in each.places)
    where = ", ".join(f"{number} {place}" for place, number in sorted(places.items()))
    removed = sum(each.removed for each in made)
    return tally.result(f"{len(made)} trainings, threads 1 and 2; {where}; {removed} directories removed by hand")


def at_each_call(folder: Path, every: int = 1) -> Result:
    """The process ends before one of its file operations, for each of them, and the run is resumed."""
    tally, settings = Tally("kills at each file operation"), ("training.steps=24", *OFTEN)
    text, whole = write_text(folder), folder / "whole"
    counted = Counting()
    with interposed(folder, counted):
        finish(start(text, whole, *settings))
    for number in range(0, len(counted.operations), every):
        tally.record(
            f"before operation {number}", killed_before(number, text, folder / f"run-{number}", whole, settings)
        )
    return tally.result("threads 1, 24 steps")


def killed_before(number: int, text: Path, run: Path, whole: Path, settings: Sequence[str]) -> list[str]:
    """End a training before an operation, resume it, and return the errors."""

    def killed() -> None:
        with interposed(run.parent, ExitsAt(number)):
            finish(start(text, run, *settings))

    code, _ = in_child(killed)
    if code != GONE:
        return [f"the training ended with code {code}"]
    wrong = nothing_loads(run) + go_on(text, run, *settings)
    return wrong + differences(run, whole)


class Undisturbed:
    """A training that ran from its start to its end, and how long it took."""

    def __init__(self, folder: Path, threads: int, steps: int = STEPS) -> None:
        folder.mkdir()
        self.text, self.path = write_text(folder), folder / "run"
        self.settings = (f"training.steps={steps}", f"runtime.threads={threads}", *OFTEN)
        began = time.monotonic()
        code, error = run_command(train_command(self.text, self.path, *self.settings))
        self.seconds = time.monotonic() - began
        if code:
            raise AssertionError(f"the undisturbed training ended with code {code}: {error}")


class Killed:
    """A training that is killed at random instants and resumed, until it ends."""

    def __init__(self, whole: Undisturbed, path: Path, chance: random.Random) -> None:
        self.whole, self.path, self.chance = whole, path, chance
        self.places: list[str] = []
        self.wrong: list[str] = []
        self.removed = 0  # directories that a killed process left, and that `train -o` did not take

    def to_the_end(self, most: int) -> None:
        """The maximum number of kills."""
        while not self._once(kill=not self.places or (len(self.places) < most and self.chance.random() < AGAIN)):
            if len(self.wrong) > 10:
                return
        self.wrong += differences(self.path, self.whole.path)

    def _once(self, kill: bool) -> bool:
        """Start or resume it, and perhaps kill it. True when it has ended by itself."""
        mark = f"{self.path}-{self.chance.random()}"
        resumed = has_checkpoint(self.path)
        child = spawn(resume_command(self.path) if resumed else self._beginning(), mark)
        try:
            if kill:
                time.sleep(self.chance.uniform(0, self.whole.seconds))
                self._wait_for_a_save(child)
            killed = kill and child.poll() is None
            if killed:
                child.kill()
                child.wait(timeout=120)
                self._look(mark)
                return False
            _, error = child.communicate(timeout=120)
        finally:
            end(child)
        if child.returncode == 0:
            if self.places:
                return True
            clear(self.path)  # it was faster than the kill: once more from the start
            return False
        if resumed or not NOT_BEGUN.search(error):
            self.wrong.append(f"code {child.returncode}: {error.strip()[-300:]}")
            return len(self.wrong) > 3
        self.removed += 1
        clear(self.path)
        return False

    def _beginning(self) -> list[str]:
        return train_command(self.whole.text, self.path, *self.whole.settings)

    def _wait_for_a_save(self, child) -> None:
        until = time.monotonic() + 0.2
        if self.chance.random() < IN_A_SAVE:
            while time.monotonic() < until and child.poll() is None and not side_files(self.path):
                pass

    def _look(self, mark: str) -> None:
        """Errors in what the kill left."""
        if not has_checkpoint(self.path):
            self.places.append("before the first checkpoint")
        else:
            self.places.append("while a file was written" if side_files(self.path) else "otherwise")
        self.wrong += nothing_loads(self.path)
        self.wrong += workers_left(mark)


def workers_left(mark: str) -> list[str]:
    """Wait for the workers of a training that has ended, and end those that stay."""
    until = time.monotonic() + LEAVING
    while (workers := marked(mark)) and time.monotonic() < until:
        time.sleep(0.02)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    return [f"{len(workers)} workers were still there after {LEAVING:.0f} s"] if workers else []


def before_the_first_checkpoint(folder: Path) -> Result:
    """Killed before it held a checkpoint, a run cannot be resumed, which is said, and is started over with `train -o`."""
    tally, text, run = Tally("a run without a checkpoint"), write_text(folder), folder / "run"
    finish(start(text, run, "training.steps=2"))
    for path in run.iterdir():
        if path.name != "lock":
            path.unlink()
    (run / "last.safetensors.tmp").write_bytes(b"half")
    code, error = run_command(resume_command(run))
    said = code == 1 and error.startswith("error:") and "nothing to resume" in error
    tally.record("resume", [] if said else [f"code {code}: {error}"])
    code, error = run_command(train_command(text, run, "training.steps=2"))
    tally.record("train -o", [] if code == 0 and has_checkpoint(run) else [f"code {code}: {error}"])
    return tally.result()


def resumed_twice(folder: Path) -> Result:
    """A run that has ended is resumed once more: nothing changes."""
    tally, text, run = Tally("resume of a run that has ended"), write_text(folder), folder / "run"
    finish(start(text, run, "training.steps=20", *OFTEN))
    before = {name: content(run / name) for name in ("last.safetensors", "best.safetensors")}
    finish(api.resume(run))
    wrong = [f"{name} differs" for name, bytes_of in before.items() if content(run / name) != bytes_of]
    tally.record("once", wrong)
    return tally.result()


def while_workers_start(count: int, folder: Path) -> Result:
    """SIGKILL while the memory that a training shares with its workers has a name: the name is gone afterwards."""
    name = "kills while workers start"
    if not Path("/proc/self/maps").is_file():
        return skipped(name, "needs /proc")
    tally, text = Tally(name), write_text(folder)
    for number in range(count):
        mark = f"{folder}-{number}"
        child = spawn(train_command(text, folder / f"run-{number}", "runtime.threads=2"), mark)
        try:
            until = time.monotonic() + 20
            while time.monotonic() < until and not (found := shared_files(child.pid)) and child.poll() is None:
                pass
            child.kill()
            child.wait(timeout=20)
        finally:
            wrong = workers_left(mark)
            end(child)
        for path in found:
            if path.exists():
                wrong.append(f"{path.parent}/charrnn-... is left")
                path.unlink()
        tally.record(f"kill {number}", wrong)
    return tally.result()


def shared_files(process: int) -> list[Path]:
    """The files of shared memory, still with a name, that a process has mapped."""
    try:
        lines = Path(f"/proc/{process}/maps").read_text("utf-8").splitlines()
    except OSError:
        return []
    found = {line.split(maxsplit=5)[-1] for line in lines if "/charrnn-" in line and not line.endswith("(deleted)")}
    return [Path(name) for name in sorted(found)]
