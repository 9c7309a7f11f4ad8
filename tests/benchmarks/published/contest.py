"""Against the alternatives that people have: the same text, split, minutes and machine, one after the other; loss against time.

    charrnn       `charrnn train -c RECIPE --time MINUTES`: start, measuring, validations and checkpoints are within its minutes
    lstm-classic  PyTorch, torch-rnn's defaults: 2 x 128, B 50, T 50 (peer_torch_lstm.py)
    lstm-large    PyTorch, the common larger one: 2 x 512, dropout 0.5, B 64, T 100
    gpt           PyTorch, nanoGPT's recipe for a CPU: 4 layers, 128 wide, blocks of 64 (peer_torch_gpt.py)

The time of the curves is that of updates alone: no contestant pays for validations there, and PyTorch's get all the minutes for updates.
Every loss is over the whole last tenth of Tiny Shakespeare (the text's path: TINYSHAKESPEARE), in nats per character: with carried
state; the GPT predicts from 32 to 64 characters. Each learning-rate schedule is fitted to the minutes. The figure is contest.svg
in the folder of --out. It takes `pip install '.[peers,plot]'`; a contestant that does not run is left out.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from .command import left_out_if_failed
from .contest_told import figure, table
from .kept import Kept, Result, command_line
from .text import PROTOCOL, TEXT

PEERS = {
    "lstm-classic": ["published.peer_torch_lstm", "classic"],
    "lstm-large": ["published.peer_torch_lstm", "large"],
    "gpt": ["published.peer_torch_gpt"],
}
CONTESTANTS = ("charrnn", *PEERS)
MINUTE = 60.0
EVAL_EVERY = 400  # updates: so often that each minute has a validation of its own near its end


def main(arguments: list[str], machine: str) -> None:
    """Measure what is not measured yet, and tell all of it."""
    parser = command_line("contest", __doc__, seeds=1)
    parser.add_argument("contestants", nargs="*", metavar="CONTESTANT", help=f"{', '.join(CONTESTANTS)}; default all")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--recipe", default="default", help="charrnn's configuration; default: default")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of PyTorch; default: the cores")
    parser.add_argument("--every", type=float, default=MINUTE, help="seconds between two validations; default 60")
    given = parser.parse_args(arguments)
    if unknown := set(given.contestants) - set(CONTESTANTS):
        parser.error(f"no contestant {unknown.pop()}; there are {', '.join(CONTESTANTS)}")
    kept = Kept(given.out / "contest.jsonl", machine)
    if not given.table:
        for seed in range(given.seeds):
            for name in given.contestants or CONTESTANTS:
                _measure(kept, name, seed, given)
    results = kept.found(minutes=given.minutes)
    print(f"{table(results, given.every)}\n\n{kept.where()}")
    if results:
        print(figure(results, given.every, given.out / "contest.svg"))


def _measure(kept: Kept, name: str, seed: int, given: argparse.Namespace) -> None:
    key: Result = {"contestant": name, "seed": seed, "minutes": given.minutes}
    if name == "charrnn":
        key["recipe"] = given.recipe
    with left_out_if_failed(f"{name}, seed {seed}, {given.minutes:g} minutes"):
        kept.or_measured(key, lambda: _raced(name, seed, given))


def _raced(name: str, seed: int, given: argparse.Namespace) -> Result:
    began = time.perf_counter()
    curve = [*(_ours(seed, given) if name == "charrnn" else _theirs(name, seed, given))]
    return {"threads": given.threads, "wall": time.perf_counter() - began, "curve": curve}


def _theirs(name: str, seed: int, given: argparse.Namespace) -> Iterator[Result]:
    module, *variant = PEERS[name]
    command = [sys.executable, "-m", module, TEXT, *variant, "--seed", str(seed), "--threads", str(given.threads)]
    command += ["--seconds", str(given.minutes * MINUTE), "--every", str(given.every)]
    return _lines(command)


def _ours(seed: int, given: argparse.Namespace) -> Iterator[Result]:
    out = given.out / f"{Path(given.recipe).stem}-{given.minutes:g}m-{seed}"
    shutil.rmtree(out, ignore_errors=True)  # of a measurement that was stopped
    command = [sys.executable, "-m", "charrnn", "train", TEXT, "-c", given.recipe, *PROTOCOL, "--seed", str(seed)]
    command += ["-s", f"training.eval_every={EVAL_EVERY}"]
    command += ["--time", f"{given.minutes * MINUTE}s", "--json", "-q", "-o", str(out)]
    return curve_of((time.perf_counter(), event) for event in _lines(command))


def curve_of(events: Iterable[tuple[float, Result]]) -> Iterator[Result]:
    """{seconds, loss} of each validation, from events and when they came: only the time until a step was told is training's."""
    seconds, before = 0.0, 0.0
    for now, event in events:
        if event["event"] == "step":
            seconds += now - before
        elif event["event"] == "eval":
            yield {"seconds": seconds, "loss": event["loss"]}
        before = now


def _lines(command: list[str]) -> Iterator[Result]:
    """What a process tells, line by line, as it tells it. Raises CalledProcessError."""
    folder = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        yield from map(json.loads, process.stdout)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
