"""What `charrnn train TEXT` makes of texts of several lengths, with nothing else said, beside their n-grams.

A TEXT is a file, or a part of it: FILE:FROM:LENGTH, in characters. Each is trained with each seed on nanoGPT's split, and the best
checkpoint evaluated on the last tenth, which chose it, with carried state. By default parts of Tiny Shakespeare (its path:
TINYSHAKESPEARE) and of the built-in text.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from charrnn.package import shipped

from .command import charrnn, left_out_if_failed, trained
from .kept import Kept, Result, command_line
from .tables import SPREAD, markdown, mean_and_spread
from .text import PROTOCOL, TEXT

BUILT_IN = shipped("corpora") / "harbour.txt"
PARTS = [
    f"{TEXT}:{begin}:{length}"
    for begin, length in ((0, 60_000), (300_000, 60_000), (300_000, 120_000), (300_000, 200_000), (0, 300_000))
]
PARTS += [f"{BUILT_IN}:0:{length}" for length in (60_000, 120_000)]


def main(arguments: list[str], machine: str) -> None:
    """Train what is not trained yet, and tell all of it."""
    parser = command_line("lengths", __doc__, seeds=3)
    parser.add_argument("texts", nargs="*", default=PARTS, metavar="TEXT", help="a file, or FILE:FROM:LENGTH")
    given = parser.parse_args(arguments)
    kept = Kept(given.out / "lengths.jsonl", machine)
    if not given.table:
        for text in given.texts:
            path, begin, characters = cut(text)
            for seed in range(given.seeds):
                key = {"text": path.name, "from": begin, "characters": len(characters), "seed": seed}
                _measure(kept, key, characters, given.out)
    print(f"{table(kept.results)}\n\nThe last tenth, nats per character. {SPREAD}\n{kept.where()}")


def cut(text: str) -> tuple[Path, int, str]:
    """Of FILE or FILE:FROM:LENGTH the file, where the part begins, and its characters. Leaves the program where there are none."""
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


def _measure(kept: Kept, key: Result, characters: str, out: Path) -> None:
    run = out / "-".join(map(str, key.values()))
    with left_out_if_failed(run):
        kept.or_measured(key, lambda: _trained(key, characters, run))


def _trained(key: Result, characters: str, run: Path) -> Result:
    shutil.rmtree(run, ignore_errors=True)  # of a measurement that was stopped
    run.parent.mkdir(parents=True, exist_ok=True)
    text = run.parent / f"{run.name}.txt"
    text.write_text(characters, "utf-8", newline="")
    finished = trained(str(text), *PROTOCOL, "--seed", str(key["seed"]), "-o", str(run))
    told = json.loads(charrnn("eval", str(run), "--split", "valid", "--json"))
    return {
        "seconds": finished["seconds"],
        "steps": finished["step"],
        "loss": told["loss"],
        "interval": told["interval"],
        "ngram": [told["ngram_order"], told["baselines"]["ngram"]],
    }


def table(results: Sequence[Result]) -> str:
    """A line for each text, the shortest first."""
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
