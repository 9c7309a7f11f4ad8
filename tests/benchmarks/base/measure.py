"""Texts of a few pages, trained from scratch (`default`) and from a base.

Each ROW is trained on nanoGPT's split: the first nine tenths train, the whole last tenth validates, chooses the checkpoint, and is
evaluated with carried state. A ROW is a name or the path of a text of your own; default all. A training that was interrupted goes on
where it stopped; what is in the results file is not measured again, unless the text, the base or the configuration changed.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from published.command import run_charrnn, skip_if_failed
from published.results_file import Result, ResultsFile, base_parser
from published.tables import NONE, SPREAD, markdown, mean_and_spread
from published.text import PROTOCOL

from .rows import BASE, BOTH, ROWS, SCRATCH, Row, base_digest, digest, find, newest

RESULTS = "losses.jsonl"
ENGLISH = "builtin:english"
NOTES = f"""The last tenth, nats per character. {SPREAD} Seconds are those of the training; > for one that was interrupted."""


def main(arguments: list[str], machine: str) -> None:
    """Measure what is missing from the results file, and print the table."""
    parser = base_parser("base", __doc__)
    parser.add_argument("rows", nargs="*", default=[*ROWS], metavar="ROW", help=f"{', '.join(ROWS)}, or a file")
    parser.add_argument("--base", default=ENGLISH, metavar="RUN", help=f"the base; default {ENGLISH}")
    parser.add_argument(
        "--recipe", metavar="NAME|FILE", help="of the training from the base; default: what --from uses"
    )
    parser.add_argument("--method", choices=BOTH, help=f"only {SCRATCH} or only {BASE}; default both")
    parser.add_argument("--seeds", type=int, metavar="N", help="use the seeds 0 to N - 1; default: 3 or 1, by the row")
    args = parser.parse_args(arguments)
    results_file = ResultsFile(args.out / RESULTS, machine)
    if not args.table:
        _measure_rows(results_file, find(args.rows), args)
    print(f"{table(results_file.results)}\n\n{NOTES}\n{results_file.measured_on()}")


def _measure_rows(results_file: ResultsFile, rows: Sequence[Row], args: Any) -> None:
    base = base_digest(args.base) if args.method != SCRATCH else ""
    starts = {
        SCRATCH: ["-c", "default"],
        BASE: ["--from", args.base, *(["-c", args.recipe] if args.recipe else [])],
    }
    missing = []
    for row in rows:
        try:
            text = row.read()
        except SystemExit as error:
            missing.append(f"{row.name} skipped: {error}")
            continue
        file = args.out / "texts" / f"{row.name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8", newline="")
        for seed in range(args.seeds or row.seeds):
            for method in row.methods if args.method is None else {*row.methods} & {args.method}:
                key = {"row": row.name, "method": method, "seed": seed, "text": digest(text.encode())}
                key |= {"base": base if method == BASE else "", "time": row.time}
                with skip_if_failed(f"{row.name}, {method}, seed {seed}"):
                    _measure(results_file, key, [str(file), *starts[method], *PROTOCOL, "--seed", str(seed)], args.out)
    for line in missing:
        print(line)


def _measure(results_file: ResultsFile, key: Result, options: Sequence[str], out: Path) -> None:
    """Train with these options and evaluate, unless the results file has this key."""
    configuration = json.loads(run_charrnn("train", *options, "--dry-run", "--json"))["config"]
    del configuration["runtime"]  # how many cores are fastest may change from one hour to the next
    key["configuration"] = digest(json.dumps(configuration, sort_keys=True).encode())
    run = f"{key['row']}-{key['method']}-{key['seed']}-{digest(json.dumps(key).encode())}"
    if key["time"]:
        options = [*options, "--time", key["time"]]
    results_file.get_or_measure(key, lambda: {"run": run, **_train_and_evaluate(options, out / run)})


def _train_and_evaluate(options: Sequence[str], run: Path) -> Result:
    run_charrnn("train", *options, "-o", str(run), "--resume", "auto", "-q")
    evaluation = json.loads(run_charrnn("eval", str(run), "--split", "valid", "--json"))
    events = [*map(json.loads, (run / "metrics.jsonl").read_text("utf-8").splitlines())]
    finished = [event for event in events if event["event"] == "finished"]
    return {
        "characters": evaluation["characters_read"],
        "seconds": sum(event["seconds"] for event in finished),
        "interrupted": any(event["event"] == "resumed" for event in events),
        "steps": finished[-1]["step"],
        "loss": evaluation["loss"],
        "interval": evaluation["interval"],
        "ngram": [evaluation["ngram_order"], evaluation["baselines"]["ngram"]],
    }


def table(results: Sequence[Result]) -> str:
    """A Markdown table with a row for each text; gains are those of the base over scratch, and over the n-gram."""
    found = newest(results)
    names = sorted({name for name, _, _ in found}, key=lambda name: ([*ROWS, name].index(name), name))
    head = [
        "text",
        "validated on",
        "n-gram",
        "seeds",
        "`default`",
        "seconds",
        "with base",
        "seconds",
        "gain",
        "gain over n-gram",
    ]
    return markdown(head, [_row(name, [found[key] for key in sorted(found) if key[0] == name]) for name in names])


def _row(name: str, results: Sequence[Result]) -> list[str]:
    by_method = {method: [result for result in results if result["method"] == method] for method in BOTH}
    losses = {method: [result["loss"] for result in of] for method, of in by_method.items()}
    # The vocabulary of a fine-tune has characters of the base too, to which its n-gram must give something.
    order, ngram = (by_method[SCRATCH] or by_method[BASE])[0]["ngram"]
    shown = [f"{results[0]['characters']:,}", f"{ngram:.4f} ({order}-gram)", str(max(map(len, losses.values())))]
    for method in BOTH:
        shown += [mean_and_spread(losses[method]), _seconds(by_method[method])]
    means = {method: fmean(of) for method, of in losses.items() if of}
    gains = [means.get(SCRATCH), ngram] if BASE in means else [None, None]
    return [name, *shown, *(NONE if against is None else f"{against - means[BASE]:+.4f}" for against in gains)]


def _seconds(results: Sequence[Result]) -> str:
    if not results:
        return NONE
    more = "> " if any(result["interrupted"] for result in results) else ""
    return f"{more}{fmean(result['seconds'] for result in results):.0f}"
