"""How many words of a sample are words: the share that is in the held-out text or in a word list, from a base and from scratch.

The samples are of the trainings that `python tests/benchmarks base` measured, with seed 0. A word list has the words of the TEXT of
--words (a word list, or books: then the words that occur there at least three times); without it of /usr/share/dict/words; without
that the held-out text counts alone. Upper and lower case are the same. The text that was trained on is measured in the same way: it
shows what people's own words score, names included. Half a word at the end of a sample is not counted.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from published.command import run_charrnn, skip_if_failed
from published.results_file import Result, ResultsFile, base_parser
from published.tables import NONE, markdown

from .measure import RESULTS
from .rows import BASE, BOTH, SCRATCH, split, trainings

ROWS = ("story-10k", "gatsby-10k", "story-60k", "gatsby-60k")
DICTIONARY = Path("/usr/share/dict/words")
COUNT, LENGTH = 20, 500
OFTEN = 3  # times that a word of the books occurs: fewer may be a misprint
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def main(arguments: list[str], machine: str) -> None:
    """Draw the samples that are missing from the results file, count their words, and print the table."""
    parser = base_parser("base-words", __doc__, folder="base")
    parser.add_argument("rows", nargs="*", default=ROWS, metavar="ROW", help=f"default {' '.join(ROWS)}")
    parser.add_argument("--words", type=Path, metavar="TEXT", help=f"default {DICTIONARY}, if it is there")
    args = parser.parse_args(arguments)
    results_file = ResultsFile(args.out / "words.jsonl", machine)
    if not args.table:
        listed, source = word_list(args.words)
        for training in trainings(ResultsFile(args.out / RESULTS, machine).results, args.rows):
            key = {"run": training["run"], "words": source}
            with skip_if_failed(training["run"]):
                results_file.get_or_measure(key, lambda training=training: _measure(training, listed, args.out))
    print(f"{table(results_file.results)}\n\n{results_file.measured_on()}")


def word_list(path: Path | None) -> tuple[frozenset[str], str]:
    """The words of a list and its name; no words if there is none. Raises SystemExit if the text of `path` cannot be read."""
    if path is None and not DICTIONARY.exists():
        return frozenset(), "none"
    file = path or DICTIONARY
    counted: Counter[str] = Counter()
    lines = 0
    try:
        with file.open(encoding="utf-8") as text:
            for line in text:
                counted.update(words(line))
                lines += 1
    except OSError as error:
        raise SystemExit(f"{file}: {error.strerror}") from None
    is_list = counted.total() <= 2 * lines  # one word a line
    return frozenset(word for word, count in counted.items() if is_list or count >= OFTEN), file.name


def words(text: str) -> list[str]:
    """The words of a text, in lower case, with the apostrophes inside them as typed."""
    return [word.lower().replace("’", "'") for word in WORD.findall(text)]


def share(text: str, known: Collection[str]) -> float:
    """The share of the words of a text that are known; a word at its very end is left out."""
    found = words(re.sub(r"[^\W\d_]+(?:['’][^\W\d_]*)*\Z", "", text))
    return sum(word in known for word in found) / max(1, len(found))


def _measure(training: Result, listed: frozenset[str], out: Path) -> Result:
    options = ["--count", str(COUNT), "-n", str(LENGTH), "--seed", "1", "--json"]
    samples = json.loads(run_charrnn("sample", str(out / training["run"]), *options))
    text = (out / "texts" / f"{training['row']}.txt").read_bytes().decode("utf-8")
    train, held_out = split(text)
    known = listed.union(words(held_out))
    shares = [share(sample["text"], known) for sample in samples]
    return {
        "row": training["row"],
        "method": training["method"],
        "share": sum(shares) / len(shares),
        "lowest": min(shares),
        "train": share(train, known),
        "listed": len(listed),
    }


def table(results: Sequence[Result]) -> str:
    """A Markdown table with a row for each text and word list."""
    newest = {(result["row"], result["words"], result["method"]): result for result in results}
    rows = []
    for name, source in dict.fromkeys((row, source) for row, source, _ in newest):
        found = {method: newest.get((name, source, method)) for method in BOTH}
        train = next(result["train"] for result in found.values() if result)
        shares = [_shown(found[method]) for method in (SCRATCH, BASE)]
        rows.append([name, source, *shares, f"{train:.1%}"])
    return markdown(["text", "word list", "`default` (lowest)", "with base (lowest)", "the text trained on"], rows)


def _shown(result: Result | None) -> str:
    return f"{result['share']:.1%} ({result['lowest']:.1%})" if result else NONE
