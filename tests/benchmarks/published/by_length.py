"""`charrnn train TEXT` with no options on texts of several lengths, compared with n-grams.

A TEXT is a file, or a part of it: FILE:FROM:LENGTH, in characters. Each is trained on nanoGPT's split with each seed. The best
checkpoint is evaluated on the last tenth, which also chose it, with carried state. The default texts are parts of Tiny Shakespeare
(set TINYSHAKESPEARE to its path) and of the built-in text.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from charrnn.package import shipped

from .command import run_charrnn, skip_if_failed, train
from .results_file import Result, ResultsFile, base_parser
from .tables import SPREAD, markdown, mean_and_spread
from .text import PROTOCOL, TEXT

BUILT_IN = shipped("corpora") / "harbour.txt"
PARTS = [
    f"{TEXT}:{begin}:{length}"
    for begin, length in ((0, 60_000), (300_000, 60_000), (300_000, 120_000), (300_000, 200_000), (0, 300_000))
]
PARTS += [f"{BUILT_IN}:0:{length}" for length in (60_000, 120_000)]


def main(arguments: list[str], machine: str) -> None:
    """Train what is missing from the results file, and print the table."""
    parser = base_parser("lengths", __doc__, seeds=3)
    parser.add_argument("texts", nargs="*", default=PARTS, metavar="TEXT", help="a file, or FILE:FROM:LENGTH")
    args = parser.parse_args(arguments)
    results_file = ResultsFile(args.out / "lengths.jsonl", machine)
    if not args.table:
        for text in args.texts:
            path, begin, characters = cut(text)
            for seed in range(args.seeds):
                key = {"text": path.name, "from": begin, "characters": len(characters), "seed": seed}
                _measure(results_file, key, characters, args.out)
    print(
        f"{table(results_file.results)}\n\nThe last tenth, nats per character. {SPREAD}\n{results_file.measured_on()}"
    )


def cut(text: str) -> tuple[Path, int, str]:
    """Parse FILE or FILE:FROM:LENGTH; return the path, the start, and the characters. Raises SystemExit if the file cannot be read."""
    file, *numbers = text.rsplit(":", 2)
    if len(numbers) != 2 or not all(map(str.isdigit, numbers)):
        file, numbers = text, []
    begin, length = map(int, numbers) if numbers else (0, None)
    try:
        characters = Path(file).read_bytes().decode("utf-8")[begin:]
    except OSError as error:
        raise SystemExit(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SystemExit(f"{file}: not UTF-8") from None
    return Path(file), begin, characters[:length]


def _measure(results_file: ResultsFile, key: Result, characters: str, out: Path) -> None:
    run = out / "-".join(map(str, key.values()))
    with skip_if_failed(run):
        results_file.get_or_measure(key, lambda: _train_and_evaluate(key, characters, run))


def _train_and_evaluate(key: Result, characters: str, run: Path) -> Result:
    shutil.rmtree(run, ignore_errors=True)  # left by an interrupted measurement
    run.parent.mkdir(parents=True, exist_ok=True)
    text = run.parent / f"{run.name}.txt"
    text.write_text(characters, "utf-8", newline="")
    finished = train(str(text), *PROTOCOL, "--seed", str(key["seed"]), "-o", str(run))
    evaluation = json.loads(run_charrnn("eval", str(run), "--split", "valid", "--json"))
    return {
        "seconds": finished["seconds"],
        "steps": finished["step"],
        "loss": evaluation["loss"],
        "interval": evaluation["interval"],
        "ngram": [evaluation["ngram_order"], evaluation["baselines"]["ngram"]],
    }


def table(results: Sequence[Result]) -> str:
    """A Markdown table with a row for each text, the shortest first."""
    texts: dict[tuple[int, str, int], list[Result]] = {}
    for result in results:
        texts.setdefault((result["characters"], result["text"], result["from"]), []).append(result)
    rows = []
    for (characters, text, begin), found in sorted(texts.items()):
        steps, seconds = (fmean(result[name] for result in found) for name in ("steps", "seconds"))
        order, ngram = found[0]["ngram"]
        loss = mean_and_spread([result["loss"] for result in found])
        measured = [f"{steps:,.0f}", f"{seconds:.0f}", str(len(found)), loss, f"{ngram:.4f} ({order}-gram)"]
        rows.append([text, f"{begin:,}", f"{characters:,}", *measured])
    return markdown(["text", "from", "characters", "steps", "seconds", "seeds", "`default`", "n-gram"], rows)
