"""`score --lines`: 200 names side by side, beside one by one."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import charrnn
from charrnn.package import shipped

NAMES = 200
MODELS = ("names", "builtin:english")  # the first is trained here
COMMANDS = 5  # one command takes long: a few are timed


def run(rounds: int) -> None:
    """Seconds for 200 names: score_many; 200 calls of score; 200 commands. In turn, medians of the rounds."""
    names = (shipped("corpora") / "names.txt").read_text("utf-8").splitlines()[:NAMES]
    with tempfile.TemporaryDirectory(dir=".") as folder:
        for name in MODELS:
            model = name
            if name == "names":
                model = str(Path(folder) / "names")
                settings = {"data.boundary": "\\n", "training.steps": 100}
                charrnn.train("builtin:names", config="names", settings=settings, out=model, progress=False)
            _measure(name, model, names, rounds)


def _measure(name: str, run: str, names: list[str], rounds: int) -> None:
    model, command = charrnn.load(run), [sys.executable, "-m", "charrnn", "score", run, "--json"]
    model.score_many(names), model.score(names[0])
    pairs = [(_seconds(lambda: [model.score(each) for each in names]), _seconds(lambda: model.score_many(names))) for _ in range(rounds)]  # fmt: skip
    single = [_seconds(lambda: subprocess.run(command, input=names[0].encode(), capture_output=True, check=True)) for _ in range(COMMANDS)]  # fmt: skip
    alone, together = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(one / many for one, many in pairs)
    commands = statistics.median(single) * len(names)
    print(
        f"{name}: {together * 1e3:.0f} ms side by side, {alone * 1e3:.0f} ms one by one ({ratio:.1f} times), "
        f"{commands:.0f} s as {len(names)} commands ({commands / together:,.0f} times)",
        flush=True,
    )


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
