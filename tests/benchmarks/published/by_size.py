"""RNN, GRU and LSTM by layers and size: table 1 of Karpathy, Johnson and Fei-Fei, in its shape, on texts that are here.

Theirs ("Visualizing and Understanding Recurrent Networks", 2015): test losses on War and Peace (80/10/10) and the Linux kernel
(90/5/5). Kept: the first 8, 1 and 1 tenths to train, validate and test; B 100, T 100; RMSprop at 2e-3; gradients clipped
to ± 5 element by element; the weights of the lowest validation loss. Not kept: 50 epochs (here --characters); the rate, after 10 epochs
0.95 times that of the one before (here a cosine over the training); RMSprop's 0.95 (here 0.99); weights drawn from ± 0.08 (here
± 1/√H); dropout, which they chose for each network (here none; --set model.dropout=0.3). Their figures are of other texts.
"""

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .kept import Kept, Result, command_line
from .tables import NONE, markdown
from .text import TEXT

B, T = 100, 100
CELLS, LAYERS, SIZES = "lstm,rnn,gru", "1,2,3", "64,128,256,512"
THEIRS = {
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
    """Train what is not trained yet, by `charrnn sweep`; read the test split by each; tell all of it."""
    parser = command_line("sizes", __doc__)
    parser.add_argument("text", nargs="?", default=TEXT, help="default: Tiny Shakespeare (TINYSHAKESPEARE)")
    parser.add_argument("--cells", default=CELLS, help=f"default {CELLS}")
    parser.add_argument("--layers", default=LAYERS, help=f"default {LAYERS}")
    parser.add_argument("--sizes", default=SIZES, help=f"default {SIZES}")
    parser.add_argument("--characters", type=float, default=5e6, help="read by each training; default 5e6")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="another setting for all")
    parser.add_argument("--jobs", help="trainings side by side; default: as charrnn sweep has it")
    given = parser.parse_args(arguments)
    kept = Kept(given.out / "sizes.jsonl", machine)
    if not given.table:
        for row in _sweep(given):
            _keep(kept, row, {"text": Path(given.text).name, "characters": given.characters, "set": given.set})
    print(f"{tables(kept.results)}\n\n{kept.where()}")


def _sweep(given: argparse.Namespace) -> list[Result]:
    """What `charrnn sweep` says of each training; it goes on by itself where it was stopped."""
    settings = [f"{key}={value}" for key, value in THEIRS.items()] + given.set
    grid = [f"{key}={values}" for key, values in zip(AXES, (given.cells, given.layers, given.sizes), strict=True)]
    command = [sys.executable, "-m", "charrnn", "sweep", "default", given.text, "--json", "-o", str(_folder(given))]
    for option, values in (("--grid", grid), ("-s", settings)):
        for value in values:
            command += [option, value]
    command += ["--steps", str(max(1, round(given.characters / (B * T))))]
    command += ["--jobs", given.jobs] if given.jobs else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)  # its exit code is 1 where one training failed
    if not done.stdout:
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def _folder(given: argparse.Namespace) -> Path:
    """A sweep's own: it goes on only by the same command."""
    asked = [Path(given.text).stem, given.cells, given.layers, given.sizes, f"{given.characters:g}", *given.set]
    return given.out / "_".join(asked).replace("/", "-")


def _keep(kept: Kept, row: Result, settings: Result) -> None:
    key = {"cell": row["values"][AXES[0]], "layers": row["values"][AXES[1]], "size": row["values"][AXES[2]]}
    if row["state"] == "done":
        kept.or_measured({**settings, **key}, lambda: {"seconds": row["seconds"], **_evaluate(row["run"])})


def _evaluate(run: str) -> Result:
    command = [sys.executable, "-m", "charrnn", "eval", run, "--split", "test", "--json"]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    return {
        "loss": told["loss"],
        "interval": told["interval"],
        "ngram": [told["ngram_order"], told["baselines"]["ngram"]],
    }


def tables(results: Sequence[Result]) -> str:
    """For each text, number of characters and other settings a table: lines by size, columns by cell and layers, the n-gram last."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        title = f"{result['text']}, {result['characters'] / 1e6:g} million characters read by each training"
        groups.setdefault(", ".join([title, *result["set"]]), []).append(result)
    told = [f"{title}; test loss in nats:\n\n{table(group)}" for title, group in groups.items()]
    return "\n\n".join(told)


def table(results: Sequence[Result]) -> str:
    """One of them, the lowest bold; a dash where a training failed, or was not made."""
    losses = {(result["cell"], result["layers"], result["size"]): result["loss"] for result in results}
    lowest = min(losses.values(), default=math.nan)
    columns = sorted({key[:2] for key in losses}, key=lambda column: (CELLS.index(column[0]), column[1]))
    rows = []
    for size in sorted({size for _, _, size in losses}):
        row = [losses.get((*column, size)) for column in columns]
        rows.append([str(size), *(_shown(loss, lowest) for loss in row)])
    for order, loss in dict.fromkeys(tuple(result["ngram"]) for result in results):
        rows.append([f"{order}-gram", _shown(loss, lowest), *[""] * (len(columns) - 1)])
    return markdown(["units", *(f"{cell.upper()}, {layers}" for cell, layers in columns)], rows)


def _shown(loss: float | None, lowest: float) -> str:
    if loss is None:
        return NONE
    return f"**{loss:.3f}**" if loss == lowest else f"{loss:.3f}"
