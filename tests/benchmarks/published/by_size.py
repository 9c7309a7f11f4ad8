"""RNN, GRU and LSTM by layers and size: table 1 of Karpathy, Johnson and Fei-Fei, repeated on other texts.

Theirs ("Visualizing and Understanding Recurrent Networks", 2015): test losses on War and Peace (80/10/10) and the Linux kernel
(90/5/5). The same here: the first 8, 1 and 1 tenths to train, validate and test; B 100, T 100; RMSprop at 2e-3; gradients clipped
to ± 5 element by element; the weights of the lowest validation loss. Different: 50 epochs (here --characters); the rate, multiplied by 0.95
each epoch after the tenth (here a cosine over the training); RMSprop's 0.95 (here 0.99); weights drawn from ± 0.08 (here
± 1/√H); dropout, which they chose for each network (here none; --set model.dropout=0.3).
"""

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .results_file import Result, ResultsFile, base_parser
from .tables import NONE, markdown
from .text import TEXT

B, T = 100, 100
CELLS, LAYERS, SIZES = "lstm,rnn,gru", "1,2,3", "64,128,256,512"
PAPER_SETTINGS = {
    "model.initialisation": "uniform",
    "model.readout": "linear",
    "model.dropout": "0",
    "model.weight_dropout": "0",
    "data.split": "[0.8,0.1,0.1]",
    "training.batch_size": str(B),
    "training.sequence_length": str(T),
    "training.optimizer": "rmsprop",
    "training.learning_rate": "2e-3",
    "training.schedule": "cosine",
    "training.warmup_steps": "0",
    "training.label_smoothing": "0",
    "training.ema_decay": "null",
    "training.reset_probability": "0",
    "training.max_grad_norm": "null",
    "training.max_grad_value": "5",
    "training.eval_every": "100",
    "training.sample_every": "0",
}
AXES = ("model.cell", "model.num_layers", "model.hidden_size")


def main(arguments: list[str], machine: str) -> None:
    """Train what is missing by `charrnn sweep`, evaluate each network on the test split, and print the tables."""
    parser = base_parser("sizes", __doc__)
    parser.add_argument("text", nargs="?", default=TEXT, help="default: Tiny Shakespeare (TINYSHAKESPEARE)")
    parser.add_argument("--cells", default=CELLS, help=f"default {CELLS}")
    parser.add_argument("--layers", default=LAYERS, help=f"default {LAYERS}")
    parser.add_argument("--sizes", default=SIZES, help=f"default {SIZES}")
    parser.add_argument(
        "--characters", type=float, default=5e6, help="characters that each training reads; default 5e6"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="another setting for all trainings"
    )
    parser.add_argument("--jobs", help="trainings side by side; default: that of charrnn sweep")
    args = parser.parse_args(arguments)
    results_file = ResultsFile(args.out / "sizes.jsonl", machine)
    if not args.table:
        for row in _sweep(args):
            _keep(results_file, row, {"text": Path(args.text).name, "characters": args.characters, "set": args.set})
    print(f"{tables(results_file.results)}\n\n{results_file.measured_on()}")


def _sweep(args: argparse.Namespace) -> list[Result]:
    """Run `charrnn sweep`, which resumes an interrupted sweep; return its JSON rows."""
    settings = [f"{key}={value}" for key, value in PAPER_SETTINGS.items()] + args.set
    grid = [f"{key}={values}" for key, values in zip(AXES, (args.cells, args.layers, args.sizes), strict=True)]
    command = [sys.executable, "-m", "charrnn", "sweep", "default", args.text, "--json", "-o", str(_folder(args))]
    for option, values in (("--grid", grid), ("-s", settings)):
        for value in values:
            command += [option, value]
    command += ["--steps", str(max(1, round(args.characters / (B * T))))]
    command += ["--jobs", args.jobs] if args.jobs else []
    done = subprocess.run(
        command, stdout=subprocess.PIPE, encoding="utf-8"
    )  # the exit code is 1 if any training failed
    if not done.stdout:
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def _folder(args: argparse.Namespace) -> Path:
    """The folder of this sweep: a sweep can only be resumed by the same command."""
    asked = [Path(args.text).stem, args.cells, args.layers, args.sizes, f"{args.characters:g}", *args.set]
    return args.out / "_".join(asked).replace("/", "-")


def _keep(results_file: ResultsFile, row: Result, settings: Result) -> None:
    key = {"cell": row["values"][AXES[0]], "layers": row["values"][AXES[1]], "size": row["values"][AXES[2]]}
    if row["state"] == "done":
        results_file.get_or_measure({**settings, **key}, lambda: {"seconds": row["seconds"], **_evaluate(row["run"])})


def _evaluate(run: str) -> Result:
    command = [sys.executable, "-m", "charrnn", "eval", run, "--split", "test", "--json"]
    evaluation = json.loads(subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout)
    return {
        "loss": evaluation["loss"],
        "interval": evaluation["interval"],
        "ngram": [evaluation["ngram_order"], evaluation["baselines"]["ngram"]],
    }


def tables(results: Sequence[Result]) -> str:
    """A table for each text, number of characters and other settings."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        title = f"{result['text']}, {result['characters'] / 1e6:g} million characters read by each training"
        groups.setdefault(", ".join([title, *result["set"]]), []).append(result)
    titled = [f"{title}; test loss in nats:\n\n{table(group)}" for title, group in groups.items()]
    return "\n\n".join(titled)


def table(results: Sequence[Result]) -> str:
    """Rows by size, columns by cell and layers, n-grams last; the lowest loss bold, a dash for a missing result."""
    losses = {(result["cell"], result["layers"], result["size"]): result["loss"] for result in results}
    lowest = min(losses.values(), default=math.nan)
    columns = sorted({key[:2] for key in losses}, key=lambda column: (CELLS.index(column[0]), column[1]))
    rows = []
    for size in sorted({size for _, _, size in losses}):
        row = [losses.get((*column, size)) for column in columns]
        rows.append([str(size), *(_format_loss(loss, lowest) for loss in row)])
    for order, loss in dict.fromkeys(tuple(result["ngram"]) for result in results):
        rows.append([f"{order}-gram", _format_loss(loss, lowest), *[""] * (len(columns) - 1)])
    return markdown(["units", *(f"{cell.upper()}, {layers}" for cell, layers in columns)], rows)


def _format_loss(loss: float | None, lowest: float) -> str:
    if loss is None:
        return NONE
    return f"**{loss:.3f}**" if loss == lowest else f"{loss:.3f}"
