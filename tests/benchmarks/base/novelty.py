"""Is anything learned by heart: what share of samples is copied from the training text, beside held-out text.

For each n: the share of characters in runs of at least n that are in the training text (`charrnn sample --novelty`). Only what
exceeds the share of held-out text is memory. ROWs are trainings that `python tests/benchmarks base` measured, with seed 0. With
--books TEXT, the text that the base was trained on, samples of the base itself are looked up there, too.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from published.command import run_charrnn, skip_if_failed
from published.results_file import Result, ResultsFile, base_parser
from published.tables import NONE, markdown

from .measure import ENGLISH, RESULTS
from .rows import base_digest, trainings

ROWS = ("story", "story-60k", "gatsby-60k", "story-10k")
COUNT, LENGTH = 20, 500
RUNS = (5, 10, 15, 20, 30, 50, 100)
OPTIONS = ["--count", str(COUNT), "-n", str(LENGTH), "--seed", "1", "--novelty", "--json"]


def main(arguments: list[str], machine: str) -> None:
    """Look up what is missing from the results file, and print the table."""
    parser = base_parser("base-novelty", __doc__, folder="base")
    parser.add_argument("rows", nargs="*", default=ROWS, metavar="ROW", help=f"default {' '.join(ROWS)}")
    parser.add_argument("--base", default=ENGLISH, metavar="RUN", help=f"the base; default {ENGLISH}")
    parser.add_argument("--books", type=Path, metavar="TEXT", help="the text that the base was trained on")
    args = parser.parse_args(arguments)
    results_file = ResultsFile(args.out / "novelty.jsonl", machine)
    if not args.table:
        for training in trainings(ResultsFile(args.out / RESULTS, machine).results, args.rows):
            name = f"{training['row']}, {training['method']}"
            key = {"what": name, "run": training["run"]}
            with skip_if_failed(name):
                results_file.get_or_measure(key, lambda run=str(args.out / training["run"]): _look_up(run))
        if args.books:
            with skip_if_failed("the base, in its books"):
                key = {"what": "the base itself", "run": base_digest(args.base)}
                results_file.get_or_measure(key, lambda: _look_up(args.base, "--text", str(args.books)))
    print(f"{table(results_file.results)}\n\n{results_file.measured_on()}")


def _look_up(run: str, *options: str) -> Result:
    samples = json.loads(run_charrnn("sample", run, *OPTIONS, *options))
    found = [sample["novelty"] for sample in samples]
    longest = max((each["longest"] for each in found), key=lambda run: run["length"])
    return {
        "shares": _mean_curve(each["curve"] for each in found),
        "held_out": _mean_curve([found[0]["held_out_curve"] or {}]),
        "longest": [longest["length"], longest["text"]],
    }


def _mean_curve(curves: Iterable[Mapping[str, float]]) -> list[float]:
    """The mean share for each length of RUNS; a length that a curve does not have was not found."""
    found = [*curves]
    return [fmean(curve.get(str(length), 0.0) for curve in found) for length in RUNS]


def table(results: Sequence[Result]) -> str:
    """A Markdown table with two rows for each training: its samples, and held-out text."""
    rows = []
    for result in {result["what"]: result for result in results}.values():
        rows.append([result["what"], "samples", *map(_percent, result["shares"]), str(result["longest"][0])])
        rows.append(["", "held-out text", *map(_percent, result["held_out"]), NONE])
    return markdown(["", "characters in runs of", *(f"{length}+" for length in RUNS), "longest"], rows)


def _percent(share: float) -> str:
    return f"{share:.1%}"
