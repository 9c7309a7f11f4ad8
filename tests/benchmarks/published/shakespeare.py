"""Tiny Shakespeare by recipe, compared with published losses: the network alone, with dynamic evaluation, and mixed with the n-gram.

Each RECIPE is trained for its time with each seed on nanoGPT's split (set TINYSHAKESPEARE to the text's path). Its best checkpoint
is evaluated on the whole last tenth, with carried state.
"""

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from .command import run_charrnn, skip_if_failed, train
from .results_file import Result, ResultsFile, base_parser
from .tables import NONE, SPREAD, markdown, mean_and_spread
from .text import NGRAM, PROTOCOL, TEXT

TIMES = {"quick": "140s", "rnn": "15m", "gru": "15m", "lstm": "15m", "default": "15m", "best": "60m"}
EVALUATIONS = {"alone": [], "dynamic": ["--dynamic"], "mixed": ["--ngram"]}
PUBLISHED = (  # what, how long, nats
    ("7-gram, interpolated modified Kneser-Ney (charrnn eval)", NONE, f"{NGRAM}"),
    ("nanoGPT, 6 layers of 384 (an A100, about 3 minutes)", "180", "1.4697"),
    ("nanoGPT, its recipe for a CPU, repeated on two cores (published: 1.88)", "141", "1.886"),
    ("minGRU, minLSTM (Feng et al. 2024)", NONE, "about 1.55"),
)
NOTES = f"""Nats per character, means over the seeds; {SPREAD}
Ours: the whole last tenth read once with carried state, by the checkpoint that is best on this same split, as nanoGPT chooses its own.
Theirs: nanoGPT's are means over random blocks of 256 (for a CPU: 64) characters of that tenth, each from an empty context.
Dynamic: the weights follow the text as it is read. Mixed: with the 7-gram, two weights fitted on this same split."""


def main(arguments: list[str], machine: str) -> None:
    """Measure what is missing from the results file, and print the table."""
    parser = base_parser("shakespeare", __doc__, seeds=3)
    asked = [f"{recipe}={duration}" for recipe, duration in TIMES.items()]
    help_ = f"a configuration's name or file, and its training time; default: {' '.join(asked)}"
    parser.add_argument("recipes", nargs="*", default=asked, metavar="RECIPE[=TIME]", help=help_)
    args = parser.parse_args(arguments)
    results_file = ResultsFile(args.out / "shakespeare.jsonl", machine)
    if not args.table:
        for seed in range(args.seeds):
            for recipe, duration in map(_asked, args.recipes):
                _measure(results_file, {"recipe": recipe, "time": duration, "seed": seed}, args.out)
    print(f"{table(results_file.results)}\n\n{results_file.measured_on()}")


def _asked(recipe: str) -> tuple[str, str]:
    name, _, duration = recipe.partition("=")
    return name, duration or TIMES.get(name, TIMES["default"])


def _measure(results_file: ResultsFile, key: Result, out: Path) -> None:
    run = out / f"{Path(key['recipe']).stem}-{key['time']}-{key['seed']}"
    with skip_if_failed(run):
        results_file.get_or_measure({**key, "what": "training"}, lambda: _train(key, run))
        for what, options in EVALUATIONS.items():
            results_file.get_or_measure({**key, "what": what}, lambda options=options: _evaluate(run, options))


def _train(key: Result, run: Path) -> Result:
    shutil.rmtree(run, ignore_errors=True)  # left by an interrupted measurement
    began = time.perf_counter()
    options = ["-c", key["recipe"], *PROTOCOL, "-s", f"training.seed={key['seed']}", "--time", key["time"]]
    steps = train(TEXT, *options, "-o", str(run))["step"]
    return {"seconds": time.perf_counter() - began, "steps": steps}


def _evaluate(run: Path, options: Sequence[str]) -> Result:
    evaluation: dict[str, Any] = json.loads(run_charrnn("eval", str(run), *options, "--no-baselines", "--json"))
    return {name: evaluation[name] for name in ("loss", "interval", "members", "dynamic")}


def table(results: Sequence[Result]) -> str:
    """A row for each recipe and time, then the published losses, then notes on how to compare them."""
    head = ["", "seconds", "steps", "seeds", *EVALUATIONS]
    recipes = dict.fromkeys((result["recipe"], result["time"]) for result in results)
    rows = [_row(*recipe, results) for recipe in recipes]
    rows += [[what, seconds, NONE, NONE, loss, *[NONE] * (len(EVALUATIONS) - 1)] for what, seconds, loss in PUBLISHED]
    return f"{markdown(head, rows)}\n\n{NOTES}"


def _row(recipe: str, duration: str, results: Sequence[Result]) -> list[str]:
    found: dict[str, list[Result]] = {what: [] for what in ("training", *EVALUATIONS)}
    for result in results:
        if (result["recipe"], result["time"]) == (recipe, duration):
            found[result["what"]].append(result)
    trained = found["training"]
    steps, seconds = (fmean(result[name] for result in trained) for name in ("steps", "seconds"))
    losses = [mean_and_spread([result["loss"] for result in found[what]]) for what in EVALUATIONS]
    return [f"`{recipe}`, {duration}", f"{seconds:.0f}", f"{steps:,.0f}", str(len(trained)), *losses]
