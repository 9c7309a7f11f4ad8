"""Ctrl-C and SIGTERM at random instants: the exit code that a shell expects, a saved checkpoint, and the same end.

While Python itself starts, nobody listens yet: the signal ends the process as it ends any other.
"""

import json
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from faults.common import (
    Result,
    Tally,
    clear,
    differences,
    end,
    has_checkpoint,
    nothing_loads,
    resume_command,
    run_command,
    spawn,
    train_command,
)
from faults.kills import Undisturbed, workers_left

from charrnn.runs.storage.checkpoint import load
from charrnn.runs.storage.directory import LAST, METRICS

IN_TIME = 60.0  # seconds from a signal to the end, on a busy machine; that a second one waits for nothing is tested in tests/cli


def signals(count: int, folder: Path, seed: int = 0) -> Result:
    """SIGINT and SIGTERM by turns; at every third time a second one follows."""
    tally, chance = Tally("signals", seed), random.Random(seed)
    whole = [Undisturbed(folder / f"whole-{threads}", threads) for threads in (1, 2)]

    def attempt(number: int, drawn: float) -> "Signalled":
        kind = (signal.SIGINT, signal.SIGTERM)[number % 2]
        beside = whole[number // 2 % 2]  # as far from the text: a checkpoint records the way
        run = beside.path.parent / f"run-{number}"
        return Signalled(beside, run, random.Random(drawn), kind, twice=number % 3 == 2)

    made: list[Signalled] = []
    with heeded(), ThreadPoolExecutor(2) as pool:
        while (missing := count - sum(not each.ended_before for each in made)) > 0:
            numbers = range(len(made), len(made) + missing)
            made += pool.map(attempt, numbers, [chance.random() for _ in numbers])
    for number, each in enumerate(made):
        if not each.ended_before:
            tally.record(f"training {number}, {each.kind.name}", each.wrong)
    early = [each for each in made if each.early and not each.ended_before]
    tracebacks = sum("Traceback" in each.error for each in made)
    return tally.result(
        f"{len(made)} trainings, threads 1 and 2; {len(early)} before the training began; {tracebacks} tracebacks"
    )


@contextmanager
def heeded() -> Iterator[None]:
    """Inside, child processes react to both signals, even if this process was started with them ignored."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ignored = [number for number, handler in before.items() if handler is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler)  # what is not ignored is reset when a program starts
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)


class Signalled:
    """A training that gets a signal, or two, and is resumed."""

    def __init__(
        self, whole: Undisturbed, path: Path, chance: random.Random, kind: signal.Signals, twice: bool = False
    ) -> None:
        self.whole, self.path, self.kind, self.wrong = whole, path, kind, list[str]()
        mark = f"{path}-{chance.random()}"
        child = spawn(train_command(whole.text, path, *whole.settings), mark)
        try:
            time.sleep(chance.uniform(0, whole.seconds))
            self.ended_before = child.poll() is not None
            child.send_signal(kind)
            if twice:
                time.sleep(chance.uniform(0, 0.02))
                child.send_signal(kind)
            child.wait(timeout=IN_TIME)
            self.wrong += workers_left(mark)
            _, self.error = child.communicate(timeout=IN_TIME)
        finally:
            end(child)
        self.early = not has_checkpoint(path)
        self._code(child.returncode)
        if child.returncode > 0 and not self.early and not twice:
            self._saved()
        self.wrong += nothing_loads(path)
        self._resume()

    def _code(self, code: int) -> None:
        allowed = {128 + self.kind, -self.kind}  # a shell shows both as 128 + the signal
        if (self.path / METRICS).is_file():
            ended = self._last_event().get("reason") == "steps"
            allowed |= {0} if ended else set()
        in_python = code == 1 and "Traceback" in self.error and "charrnn" not in self.error
        if in_python and not self.path.exists():  # Python was making its own modules, and has a word of its own for it
            return
        if code not in allowed:
            self.wrong.append(f"exit code {code}: {self.error.strip()[-300:]}")

    def _saved(self) -> None:
        """The checkpoint is of the step at which the training stopped, and the log says so."""
        step, finished = load(self.path / LAST).progress.step, self._last_event()
        if finished.get("step") != step:
            self.wrong.append(f"stopped at {finished}, but saved at step {step}")

    def _last_event(self) -> dict[str, object]:
        lines = map(json.loads, (self.path / METRICS).read_text("utf-8").splitlines())
        return ([line for line in lines if line["event"] == "finished"] or [{}])[-1]

    def _resume(self) -> None:
        if self.early and self.path.is_dir():
            clear(self.path)
        again = train_command(self.whole.text, self.path, *self.whole.settings)
        code, error = run_command(again if self.early else resume_command(self.path))
        self.wrong += [f"resumed, it ended with code {code}: {error.strip()[-300:]}"] if code else []
        self.wrong += differences(self.path, self.whole.path)
