"""The lines of a text, each scored as a text of its own.

A line ends with \\n, \\r\\n or \\r, which is no part of it; see text/positions.py.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from charrnn.models.mixture.components import Component
from charrnn.models.scoring.scoring import ScoredText
from charrnn.models.scoring.side_by_side import score_whole
from charrnn.text.reading.source_reader import Piece
from charrnn.text.vocabulary import Vocabulary

LINE_END: dict[type, re.Pattern[Any]] = {str: re.compile(r"\r\n|\r|\n"), bytes: re.compile(rb"\r\n|\r|\n")}


class ScoredLine(NamedTuple):
    """A line of file `file`, numbers from 0 and from 1; `scored` is None for an empty line."""

    file: int
    number: int
    text: str
    scored: ScoredText | None


def score_lines(
    components: Sequence[Component], weights: Sequence[float], vocabulary: Vocabulary, pieces: Iterable[Piece]
) -> Iterator[list[ScoredLine]]:
    """The lines that each piece completes, scored side by side. Raises DivergedError."""
    last, number = 0, 0
    for file, lines in split_lines(pieces):
        last, number = file, number if file == last else 0
        found = score_whole(components, weights, vocabulary, [line for line in lines if line])
        texts = [line if isinstance(line, str) else line.decode("utf-8", "replace") for line in lines]
        yield [ScoredLine(file, number + n, text, next(found) if text else None) for n, text in enumerate(texts, 1)]
        number += len(lines)


def split_lines(pieces: Iterable[Piece]) -> Iterator[tuple[int, list[Any]]]:
    """The lines that each piece completes, without their ends, with the number of their file: each but the last ends
    with a line end. What follows the last end is a line if it is not empty.

    >>> [lines for _, lines in split_lines([Piece(0, "one\\ntw"), Piece(0, "o\\r"), Piece(0, "\\n\\nthree")])]
    [['one'], ['two', ''], ['three']]
    """
    parts: list[Any] = []  # of the line that has not ended
    file, held = 0, b""  # a \r that may be the first half of an end
    for file, piece in pieces:
        whole = held + piece if held else piece
        held = whole[-1:] if whole[-1:] in ("\r", b"\r") else whole[:0]
        first, *others = LINE_END[type(whole)].split(whole[: len(whole) - len(held)])
        parts.append(first)
        if others:
            yield file, [first[:0].join(parts), *others[:-1]]
            parts = others[-1:]
    line = parts[0][:0].join(parts) if parts else b""
    if line or held:
        yield file, [line]
