"""Samples as they come, with the seeds 1 to 5: from a base beside from scratch, as Markdown.

ROWs are trainings that `python tests/benchmarks base` measured, with seed 0.
"""

import json
from collections.abc import Mapping, Sequence

from published.command import run_charrnn
from published.results_file import ResultsFile, base_parser

from .measure import RESULTS
from .rows import BASE, SCRATCH, trainings

COUNT, LENGTH = 5, 300
TITLES = {SCRATCH: "from scratch", BASE: "with the base"}


def main(arguments: list[str], machine: str) -> None:
    """Draw the samples and print them."""
    parser = base_parser("base-samples", __doc__, folder="base")
    parser.add_argument("rows", nargs="*", default=["story"], metavar="ROW", help="default story")
    args = parser.parse_args(arguments)
    for row in args.rows:
        drawn = {}
        for training in trainings(ResultsFile(args.out / RESULTS, machine).results, [row]):
            options = ["--count", str(COUNT), "-n", str(LENGTH), "--seed", "1", "--json"]
            found = json.loads(run_charrnn("sample", str(args.out / training["run"]), *options))
            drawn[training["method"]] = [sample["text"] for sample in found]
        print(page(row, drawn))


def page(row: str, drawn: Mapping[str, Sequence[str]]) -> str:
    """For each seed the samples of all methods, one below the other."""
    parts = [f"### {row}"]
    for seed in range(1, COUNT + 1):
        for method, texts in drawn.items():
            fence = "`" * (4 if "```" in texts[seed - 1] else 3)
            parts += [f"Seed {seed}, {TITLES[method]}:", f"{fence}text\n{texts[seed - 1]}\n{fence}"]
    return "\n\n".join(parts)
