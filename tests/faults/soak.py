"""A long training takes no more memory, files or threads as it goes on.

Flat: the median of the later half is at most 2 % and 2 MB above that of the earlier half, after a warm-up; and in the
later half there are no more open files and threads, at the least, than in the earlier one.
"""

import os
import signal
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.common import Result, Tally, end, has_checkpoint, marked, skipped, spawn, train_command, write_text

SETTINGS = (
    "training.steps=1000000000", "training.save_every=20", "training.eval_every=25", "training.sample_every=30",
    "training.batch_size=8", "runtime.threads=2", "model.hidden_size=32",
)  # fmt: skip
WARM_UP = 0.2  # share of the time that is not looked at
SHARE, ROOM = 0.02, 2 << 20  # growth that is none
PROCESSES = 2
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Sample:
    """The resources of a training's processes at one moment."""

    memory: int
    files: int
    threads: int


def soak(seconds: float, folder: Path, interval: float = 1.0) -> Result:
    """One training for `seconds`, with saves, validations and samples every few steps, measured once a second."""
    name, tally = "a long training", Tally("a long training")
    if not Path("/proc/self/statm").is_file():
        return skipped(name, "needs /proc")
    text, run = write_text(folder), folder / "run"
    child = spawn(train_command(text, run, *SETTINGS), mark := str(run))
    try:
        _wait(lambda: has_checkpoint(run) and len(marked(mark)) == PROCESSES)
        samples = _samples(marked(mark), seconds, interval)
        alive = child.poll() is None
        child.send_signal(signal.SIGTERM)
        _, error = child.communicate(timeout=60)
    finally:
        end(child)
    wrong = [] if alive and child.returncode == 143 else [f"ended with code {child.returncode}: {error[-300:]}"]
    earlier, later = halves(samples)
    tally.record(f"{seconds:,.0f} s", wrong + growth(earlier, later))
    steps = (run / "metrics.jsonl").read_text("utf-8").count('"event": "step"')
    return tally.result(
        f"{seconds / 60:.1f} min, {steps:,} steps, {len(samples)} looks; "
        f"memory {_megabytes(earlier):.1f} MB, later {_megabytes(later):.1f} MB; "
        f"{min(sample.files for sample in later)} files, {min(sample.threads for sample in later)} threads"
    )


def halves(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    """The earlier and the later ones, without the warm-up."""
    warm = samples[int(WARM_UP * len(samples)) :]
    middle = len(warm) // 2
    return warm[:middle], warm[middle:]


def growth(earlier: list[Sample], later: list[Sample], counts: Sequence[str] = ("files", "threads")) -> list[str]:
    """The resources that grew: memory, and these counts."""
    before, after = (statistics.median(sample.memory for sample in half) for half in (earlier, later))
    wrong = [] if after <= before * (1 + SHARE) + ROOM else [f"memory grew from {before:,.0f} to {after:,.0f} bytes"]
    for what in counts:
        least = [min(getattr(sample, what) for sample in half) for half in (earlier, later)]
        wrong += [f"{what} grew from {least[0]} to {least[1]}"] if least[1] > least[0] else []
    return wrong


def _samples(processes: list[int], seconds: float, interval: float) -> list[Sample]:
    samples, began = [], time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        samples.append(look(processes))
        time.sleep(max(0.0, now + interval - time.monotonic()))
    return samples


def look(processes: list[int]) -> Sample:
    """What these processes use now."""
    folders = [Path("/proc", str(process)) for process in processes]
    return Sample(
        memory=sum(int((folder / "statm").read_text("utf-8").split()[1]) for folder in folders) * PAGE,
        files=sum(len(os.listdir(folder / "fd")) for folder in folders),
        threads=sum(len(os.listdir(folder / "task")) for folder in folders),
    )


def _megabytes(half: list[Sample]) -> float:
    return statistics.median(sample.memory for sample in half) / 1e6


def _wait(ready: Callable[[], bool], most: float = 60.0) -> None:
    until = time.monotonic() + most
    while not ready():
        if time.monotonic() > until:
            raise AssertionError("the training did not begin")
        time.sleep(0.05)
