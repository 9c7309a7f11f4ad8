"""Writes that fail: at each byte, at each call, on a full disk. What was saved before stays, byte for byte.

Two failures at once may cost one of the two older checkpoints, never both.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from unittest import mock

from faults.common import (
    OFTEN,
    Result,
    Tally,
    content,
    differences,
    finish,
    go_on,
    in_child,
    nothing_loads,
    side_files,
    skipped,
    start,
    write_text,
)
from faults.interpose import Counting, FailsAt, Fault, Full, interposed

from charrnn.errors import RunError
from charrnn.runs.storage.checkpoint import Checkpoint, load, save
from charrnn.runs.storage.directory import LAST, PREVIOUS

TINY = ("model.hidden_size=4", "training.batch_size=2", "training.steps=12", *OFTEN)


class Saved:
    """A run directory with a last and a previous checkpoint, and the next one to write there."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "run"
        finish(start(write_text(folder), self.path, *TINY))
        self.last, self.previous = self.path / LAST, self.path / PREVIOUS
        self.older = {path: path.read_bytes() for path in (self.last, self.previous)}
        saved = load(self.last)
        saved.network.parameters.flat[:] += 1
        self.next: Checkpoint = replace(saved, progress=replace(saved.progress, step=saved.progress.step + 1))
        save(self.next, folder / "next.safetensors")
        self.newer = (folder / "next.safetensors").read_bytes()

    def save(self) -> None:
        """Write the next checkpoint as a training does."""
        save(self.next, self.last, self.previous)

    def restore(self) -> None:
        """Restore the older two checkpoints."""
        for path in self.path.glob("*.safetensors*"):
            path.unlink()
        for path, older in self.older.items():
            path.write_bytes(older)

    def wrong(self, failed: bool) -> list[str]:
        """Errors after one failure."""
        found = {path: content(path) for path in (self.last, self.previous)}
        done = {self.last: self.newer, self.previous: self.older[self.last]}
        between = {self.last: self.newer, self.previous: self.older[self.previous]}
        allowed = [done, self.older, between] if failed else [done]
        wrong = [] if found in allowed else ["last and previous are neither as before nor as after"]
        return wrong + nothing_loads(self.path) + [f"{path.name} is left" for path in side_files(self.path)]

    def wrong_after_two(self) -> list[str]:
        """Errors after two failures, which lose the newest saved checkpoint."""
        whole = {content(path) for path in (self.last, self.previous)}
        kept = self.older[self.last] in whole or self.newer in whole
        return ([] if kept else ["what was saved last is gone"]) + nothing_loads(self.path)


def attempt(saved: Saved, *surroundings: AbstractContextManager[None]) -> tuple[bool, list[str]]:
    """Save with faults in place; return whether it failed, and errors in how it was reported."""
    with ExitStack() as stack:
        try:
            for surrounding in surroundings:
                stack.enter_context(surrounding)
            saved.save()
        except OSError:
            return True, []
        except Exception as error:
            return True, [f"raised {type(error).__name__}: {error}"]
    return False, []


def limits(folder: Path, every: int = 1) -> Result:
    """RLIMIT_FSIZE, from 0 bytes to all but one of a checkpoint: the system itself cuts the write off."""
    saved, tally = Saved(folder), Tally("writes past a limit of file size")

    def in_a_child() -> list[tuple[int, list[str]]]:
        return [(size, _limited(saved, size)) for size in range(0, len(saved.newer), every)]

    code, answers = in_child(in_a_child)
    for size, wrong in answers or [(0, [f"the child ended with code {code}"])]:
        tally.record(f"limit {size}", wrong)
    return tally.result(f"a checkpoint of {len(saved.newer):,} bytes")


def _limited(saved: Saved, size: int) -> list[str]:
    saved.restore()
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, kept[1]))
    try:
        failed, wrong = attempt(saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    return wrong + saved.wrong(failed) + ([] if failed else ["nobody noticed"])


def full_after(folder: Path, every: int = 1) -> Result:
    """A disk that is full after n bytes, for each n up to the size of a checkpoint."""
    saved, tally = Saved(folder), Tally("writes to a disk that fills up")
    for room in range(0, len(saved.newer), every):
        saved.restore()
        failed, wrong = attempt(saved, interposed(folder, Full(room)))
        tally.record(f"room for {room} bytes", wrong + saved.wrong(failed) + ([] if failed else ["nobody noticed"]))
    return tally.result(f"a checkpoint of {len(saved.newer):,} bytes")


def calls(folder: Path) -> Result:
    """Each file operation of a save fails: alone, with another one, and with all that follow."""
    saved, tally = Saved(folder), Tally("failing file operations of a save")
    counted = Counting()
    with interposed(folder, counted):
        saved.save()
    numbers = range(len(counted.operations) + 2)  # one that fails may bring others into play
    for number in numbers:
        saved.restore()
        failed, wrong = attempt(saved, interposed(folder, FailsAt(number)))
        tally.record(f"operation {number}", wrong + saved.wrong(failed))
    for pair in combinations(numbers, 2):
        tally.record(f"operations {pair}", _two(saved, folder, FailsAt(*pair)))
    for number in numbers:
        tally.record(f"from operation {number} on", _two(saved, folder, FailsAt(number, onwards=True)))
    return tally.result(f"the operations of a save: {' '.join(counted.operations)}")


def _two(saved: Saved, folder: Path, fault: Fault) -> list[str]:
    saved.restore()
    _, wrong = attempt(saved, interposed(folder, fault))
    wrong += saved.wrong_after_two()
    saved.save()  # the disk is well again: the next save puts everything right
    return wrong + ([] if content(saved.last) == saved.newer else ["the next save did not put it right"])


def trainings(folder: Path, every: int = 1) -> Result:
    """Each file operation of a whole training fails, and then the training is resumed: one clear error, and the same end."""
    text, whole, tally = write_text(folder), folder / "whole", Tally("failing file operations of a training")
    counted = Counting()
    with interposed(folder, counted):
        finish(start(text, whole, *TINY))
    for number in range(0, len(counted.operations), every):
        run, fault = folder / f"run-{number}", FailsAt(number)
        error = _error_of(lambda run=run, fault=fault: _train(folder, fault, text, run))
        wrong = [] if error in (None, RunError) else [f"raised {error.__name__}"]
        wrong += nothing_loads(run) if run.is_dir() else []
        wrong += go_on(text, run, *TINY)
        tally.record(f"operation {number}: {counted.operations[number]}", wrong + _same(differences(run, whole)))
    return tally.result()


def _train(folder: Path, fault: Fault, text: Path, run: Path) -> None:
    with interposed(folder, fault):
        finish(start(text, run, *TINY))


def _same(differing: list[str]) -> list[str]:
    """Events that did not fit on the disk are lost; checkpoints are not."""
    return [difference for difference in differing if not difference.startswith("metrics")]


def _error_of(work: Callable[[], None]) -> type[Exception] | None:
    try:
        work()
    except Exception as error:
        return type(error)
    return None


class Disk(Fault):
    """Records what was flushed, to compute what a power cut would leave."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.flushed, self.wrong = folder, dict[int, bytes](), list[str]()
        self.names_flushed = True

    def fsync(self, descriptor: int) -> None:
        """Replaces os.fsync: after it, the file's content is on the disk."""
        number = os.fstat(descriptor).st_ino
        if number == self.folder.stat().st_ino:
            self.names_flushed = True
        for path in self.folder.iterdir():
            if path.stat().st_ino == number:
                self.flushed[number] = path.read_bytes()

    def replace(self, source: Path, target: Path) -> None:
        """Replaces os.replace: a file that takes a checkpoint's name must already be on the disk."""
        if self.flushed.get(source.stat().st_ino) != source.read_bytes():
            self.wrong.append(f"{source.name} became {target.name} before it was flushed")
        self.names_flushed = False


def power_cut(folder: Path) -> Result:
    """A file is on the disk before it takes a checkpoint's name, and the name is soon after."""
    saved, tally = Saved(folder), Tally("order of flushes and renames")
    disk = Disk(saved.path)
    real = os.replace

    def replacing(source: str, target: str, **folders: int) -> None:
        disk.replace(saved.path / source, saved.path / target)
        real(source, target, **folders)

    for path in saved.older:
        disk.flushed[path.stat().st_ino] = path.read_bytes()
    for number in range(3):
        with mock.patch.object(os, "fsync", disk.fsync), mock.patch.object(os, "replace", replacing):
            saved.save()
        unflushed = [] if disk.names_flushed else ["the folder was not flushed after the last rename"]
        tally.record(f"save {number}", disk.wrong + unflushed)
    return tally.result()


def full_disk(folder: Path) -> Result:
    """A real, small, full disk: `charrnn train` reports it in one line, and the older checkpoints stay."""
    name = "a full disk"
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    inside = [sys.executable, str(Path(__file__).with_name("full_disk.py")), str(folder)]
    script = 'mount -t tmpfs -o size=256k tmpfs "$1" || exit 77; shift; exec "$@"'
    try:
        ran = subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(folder), *inside],
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return skipped(name, f"{mount[0]}: {error}")
    if ran.returncode == 77 or "unshare:" in ran.stderr:
        return skipped(name, f"a disk cannot be mounted here: {ran.stderr.strip()[-200:]}")
    tally = Tally(name)
    tally.record("tmpfs of 256 KiB", [] if ran.returncode == 0 else [(ran.stdout + ran.stderr).strip()[-500:]])
    return tally.result("tmpfs of 256 KiB", *ran.stdout.splitlines()[-1:])
