"""Books in English as the text of a base: each book twice, once with wrapped lines and once with each paragraph on one line.

BOOKS is a folder of .txt and .txt.xz files. One version of a book has straight quotes, the other curly ones. The middle of each
book is held out. OUT gets `english.txt`, whose last part is held-out text for validations, and `held-out/NAME.txt` with what was
held out of each book, in both versions. The same books always give the same bytes.
"""

import argparse
import lzma
import random
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from .cleaning import clean, curl, straighten

LEFT_OUT = ("great_gatsby",)  # a base is measured on it
HELD_OUT = 0.015  # of each book, from its middle on
WIDTHS = (60, 66, 70, 72, 76)
PIECES = 4  # of a book, each with its own width
BETWEEN_BOOKS = "\n\n\n"


@dataclass(frozen=True)
class Version:
    """A version of the book `name`: the text to train on, and the text that is held out."""

    name: str
    train: str
    held_out: str


def main(arguments: list[str], _machine: str = "") -> None:
    """Write the text of a base, and print its lengths and the `data.split` that fits them."""
    parser = argparse.ArgumentParser(
        "python tests/benchmarks base-text", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("books", type=Path, metavar="BOOKS")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument(
        "--leave-out", nargs="*", default=LEFT_OUT, metavar="NAME", help=f"books to leave out; default {LEFT_OUT[0]}"
    )
    args = parser.parse_args(arguments)
    train, valid = _write(_books(args.books, args.leave_out), args.out)
    shares = f"[{train / (train + valid):.8f}, {valid / (train + valid):.8f}, 0]"
    print(f"{args.out / 'english.txt'}: {train:,} characters to train on, {valid:,} held out: data.split={shares}")


def _books(folder: Path, left_out: Sequence[str]) -> list[Path]:
    """The files of the books in order of name. Raises SystemExit if there is none, or none of a name that is left out."""
    paths = sorted(folder.glob("*.txt*"))
    if unknown := set(left_out) - {*map(_name, paths)} - {*LEFT_OUT}:
        raise SystemExit(f"{folder}: no book {min(unknown)} to leave out")
    books = [path for path in paths if _name(path) not in left_out]
    if not books:
        raise SystemExit(f"{folder}: no books (.txt or .txt.xz)")
    return books


def _write(books: Sequence[Path], out: Path) -> tuple[int, int]:
    """Write the text and the held-out parts; return how many characters of the text are to train on, and how many held out."""
    (out / "held-out").mkdir(parents=True, exist_ok=True)
    found = [version for path in books for version in versions(_name(path), _read(path))]
    random.Random(0).shuffle(found)
    held_out: dict[str, list[str]] = {}
    for version in found:
        held_out.setdefault(version.name, []).append(version.held_out)
    for name, texts in held_out.items():
        (out / "held-out" / f"{name}.txt").write_text("".join(texts), "utf-8", newline="\n")
    train = "".join(version.train for version in found)
    valid = "".join(random.Random(name).choice(texts) for name, texts in sorted(held_out.items()))
    (out / "english.txt").write_text(train + valid, "utf-8", newline="\n")
    return len(train), len(valid)


def _name(path: Path) -> str:
    return path.name.removesuffix(".xz").removesuffix(".txt")


def _read(path: Path) -> str:
    if path.suffix != ".xz":
        return path.read_text("utf-8")
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return file.read()


def versions(name: str, text: str) -> Iterator[Version]:
    """Both versions of a book: wrapped, then joined. Its name is the seed of its widths and quotes."""
    choice = random.Random(name)
    train, held_out = hold_out(blocks(clean(text)))
    is_curly = choice.random() < 0.5
    for joined in (False, True):
        size = max(1, -(-len(train) // PIECES))
        pieces = [train[at : at + size] for at in range(0, len(train), size)]
        shaped = [shape(piece, joined, is_curly ^ joined, choice) for piece in pieces]
        held = shape(held_out, joined, is_curly ^ joined, choice)
        yield Version(name, "\n\n".join(shaped) + BETWEEN_BOOKS, held + BETWEEN_BOOKS)


def blocks(text: str) -> list[str]:
    """Paragraphs, headings and stanzas."""
    return [block for block in re.split(r"\n\n+", text) if block.strip()]


def hold_out(found: Sequence[str]) -> tuple[list[str], list[str]]:
    """The blocks to train on, and those held out: HELD_OUT of the characters, from the middle on."""
    total, seen = sum(map(len, found)), 0
    train: list[str] = []
    held_out: list[str] = []
    for block in found:
        (held_out if 0.5 <= seen / total < 0.5 + HELD_OUT else train).append(block)
        seen += len(block)
    return train, held_out


def shape(found: Sequence[str], joined: bool, is_curly: bool, choice: random.Random) -> str:
    """The blocks as one text; those of prose joined, or wrapped at a width that is drawn (or left as printed)."""
    width = choice.choice((0, *WIDTHS))  # 0: as printed
    gap = choice.choice(("\n\n", "\n")) if joined else "\n\n"
    text = gap.join(_shape_block(block, joined, width) for block in found)
    return curl(text) if is_curly else straighten(text)


def _shape_block(block: str, joined: bool, width: int) -> str:
    if not (joined or width) or not is_prose(block):
        return block
    line = " ".join(block.split())
    return line if joined else textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)


def is_prose(block: str) -> bool:
    """Whether the lines of a block were wrapped: the next word would have made each longer than nearly the longest."""
    lines = block.split("\n")
    if any(line.startswith("  ") for line in lines):
        return False
    if len(lines) == 1:
        return True
    longest = max(map(len, lines))
    return longest > 50 and all(
        len(line) + 1 + len(following.split(" ")[0]) > longest - 6 for line, following in pairwise(lines)
    )
