"""charrnn against PyTorch, loss by time: the same text, split, minutes and machine, one training after the other.

    charrnn       `charrnn train -c RECIPE --time MINUTES`: its minutes include start, measuring, validations and checkpoints
    lstm-classic  PyTorch, torch-rnn's defaults: 2 x 128, B 50, T 50 (peer_torch_lstm.py)
    lstm-large    PyTorch, the common larger one: 2 x 512, dropout 0.5, B 64, T 100
    gpt           PyTorch, nanoGPT's recipe for a CPU: 4 layers, 128 wide, blocks of 64 (peer_torch_gpt.py)

The curves count the time of updates only, without validations; PyTorch's contestants spend all their minutes on updates.
Every loss is over the whole last tenth of Tiny Shakespeare (set TINYSHAKESPEARE to its path), in nats per character, with carried
state; the GPT predicts from 32 to 64 characters. Each learning-rate schedule is fitted to the minutes. The figure is saved as
contest.svg in --out. Install with `pip install '.[plot]' --group peers`; a contestant that fails is skipped.
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

from .command import skip_if_failed
from .contest_report import draw_figure, table
from .results_file import Result, ResultsFile, base_parser
from .text import PROTOCOL, TEXT

PEERS = {
    "lstm-classic": ["published.peer_torch_lstm", "classic"],
    "lstm-large": ["published.peer_torch_lstm", "large"],
    "gpt": ["published.peer_torch_gpt"],
}
CONTESTANTS = ("charrnn", *PEERS)
MINUTE = 60.0
EVAL_EVERY = 400  # updates: often enough for a validation near the end of each minute


def main(arguments: list[str], machine: str) -> None:
    """Measure what is missing from the results file, print the table and draw the figure."""
    parser = base_parser("contest", __doc__, seeds=1)
    parser.add_argument("contestants", nargs="*", metavar="CONTESTANT", help=f"{', '.join(CONTESTANTS)}; default all")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--recipe", default="default", help="charrnn's configuration; default: default")
    parser.add_argument(
        "--threads", type=int, default=os.cpu_count() or 1, help="threads of PyTorch; default: the number of cores"
    )
    parser.add_argument("--every", type=float, default=MINUTE, help="seconds between two validations; default 60")
    args = parser.parse_args(arguments)
    if unknown := set(args.contestants) - set(CONTESTANTS):
        parser.error(f"no contestant {unknown.pop()}; there are {', '.join(CONTESTANTS)}")
    results_file = ResultsFile(args.out / "contest.jsonl", machine)
    if not args.table:
        for seed in range(args.seeds):
            for name in args.contestants or CONTESTANTS:
                _measure(results_file, name, seed, args)
    results = results_file.matching(minutes=args.minutes)
    print(f"{table(results, args.every)}\n\n{results_file.measured_on()}")
    if results:
        print(draw_figure(results, args.every, args.out / "contest.svg"))


def _measure(results_file: ResultsFile, name: str, seed: int, args: argparse.Namespace) -> None:
    key: Result = {"contestant": name, "seed": seed, "minutes": args.minutes}
    if name == "charrnn":
        key["recipe"] = args.recipe
    with skip_if_failed(f"{name}, seed {seed}, {args.minutes:g} minutes"):
        results_file.get_or_measure(key, lambda: _run_contestant(name, seed, args))


def _run_contestant(name: str, seed: int, args: argparse.Namespace) -> Result:
    began = time.perf_counter()
    curve = [*(_run_charrnn(seed, args) if name == "charrnn" else _run_pytorch(name, seed, args))]
    return {"threads": args.threads, "wall": time.perf_counter() - began, "curve": curve}


def _run_pytorch(name: str, seed: int, args: argparse.Namespace) -> Iterator[Result]:
    module, *variant = PEERS[name]
    command = [sys.executable, "-m", module, TEXT, *variant, "--seed", str(seed), "--threads", str(args.threads)]
    command += ["--seconds", str(args.minutes * MINUTE), "--every", str(args.every)]
    return _json_lines(command)


def _run_charrnn(seed: int, args: argparse.Namespace) -> Iterator[Result]:
    out = args.out / f"{Path(args.recipe).stem}-{args.minutes:g}m-{seed}"
    shutil.rmtree(out, ignore_errors=True)  # left by an interrupted measurement
    command = [sys.executable, "-m", "charrnn", "train", TEXT, "-c", args.recipe, *PROTOCOL, "--seed", str(seed)]
    command += ["-s", f"training.eval_every={EVAL_EVERY}"]
    command += ["--time", f"{args.minutes * MINUTE}s", "--json", "-q", "-o", str(out)]
    return validation_curve((time.perf_counter(), event) for event in _json_lines(command))


def validation_curve(events: Iterable[tuple[float, Result]]) -> Iterator[Result]:
    """{seconds, loss} of each validation, from events and their times of arrival; only the time that leads to a step event counts."""
    seconds, before = 0.0, 0.0
    for now, event in events:
        if event["event"] == "step":
            seconds += now - before
        elif event["event"] == "eval":
            yield {"seconds": seconds, "loss": event["loss"]}
        before = now


def _json_lines(command: list[str]) -> Iterator[Result]:
    """The JSON lines that a process prints, as it prints them. Raises CalledProcessError."""
    folder = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", env=environment) as process:
        assert process.stdout
        yield from map(json.loads, process.stdout)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
