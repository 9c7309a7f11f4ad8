"""Where characters stand in the files that a text was read from.

A line ends with \\n, \\r\\n or \\r, as editors count; other separators, such as U+2028, do not end one. Lines and columns count
from 1, and a column is one character (code point). A byte order mark that was dropped counts for nothing. What was left out
of the text (a boundary, a blank document) counts: a place is that of the file as it was given.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.text.characters.unit_names import Unit
from charrnn.text.characters.utf_8 import character_starts
from charrnn.text.vocabulary import code_points

Indices = NDArray[np.intp]
LF, CR = 1, 2
KINDS = {"\n": LF, "\r": CR}
# A line's end with something behind it: what stands there begins the next line.
LINE_ENDS: dict[Unit, re.Pattern[Any]] = {
    "char": re.compile(r"[\r\n](?=.)", re.DOTALL),  # each \r\n of the file is \n already
    "byte": re.compile(rb"\n(?=.)|\r(?=[^\n])", re.DOTALL),
}


@dataclass(frozen=True)
class Place:
    """A character of a file."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.file else f"line {self.line}, column {self.column}"


@dataclass(frozen=True)
class Starts:
    """The characters of a stretch that do not follow the one before them in its file: the first of a file or of a document.

    `at` is where they stand in the stretch, in order; `file` numbers the files from 0. All (m,).
    """

    at: Indices
    file: Indices
    line: Indices
    column: Indices

    @classmethod
    def from_sequences(
        cls, at: Sequence[int], file: Sequence[int], line: Sequence[int], column: Sequence[int]
    ) -> "Starts":
        """From sequences of one length."""
        return cls(*(np.asarray(values, np.intp) for values in (at, file, line, column)))

    @classmethod
    def concatenate(cls, parts: Iterable["Starts"]) -> "Starts":
        """All of one stretch, in order."""
        fields = [(each.at, each.file, each.line, each.column) for each in parts]
        return cls(*(np.concatenate(values) for values in zip(*fields, strict=True)))

    def shift(self, by: int) -> "Starts":
        """The same in a stretch that has `by` more characters before them."""
        return replace(self, at=self.at + by)

    def part(self, first: int, stop: int) -> "Starts":
        """Those of a part of the stretch, counted from its first character."""
        kept = slice(*self.at.searchsorted([first, stop]))
        return Starts(self.at[kept] - first, self.file[kept], self.line[kept], self.column[kept])


NO_STARTS = Starts.from_sequences([], [], [], [])


@dataclass(frozen=True)
class Positions:
    """Of each character of a stretch, (n,): its number in the text, from 0; the number of its file; line and column there."""

    index: Indices
    file: Indices
    line: Indices
    column: Indices


class PositionTracker:
    """Gives each character of a text its place, stretch after stretch."""

    def __init__(self, unit: Unit = "char") -> None:
        """`unit`: "byte" where the text still has the \\r\\n of its files."""
        self._joins_crlf = unit == "byte"
        self._index, self._file, self._line, self._column, self._last = 0, 0, 1, 1, 0

    def advance(self, characters: Sequence[str], starts: Starts = NO_STARTS) -> Positions:
        """The places of the next stretch, (n,)."""
        n = len(characters)
        if not n:
            return Positions(*(np.empty(0, np.intp) for _ in range(4)))
        breaks = self._breaks(characters)
        breaks[starts.at] = False
        # The parts of the stretch that hang together in a file: the first goes on from the last stretch.
        at = np.append(0, starts.at)
        part = np.repeat(np.arange(len(at)), np.diff(np.append(at, n)))
        passed = np.cumsum(breaks)
        line = np.append(self._line, starts.line)[part] + passed - (passed - breaks)[at][part]
        fresh = breaks.copy()
        fresh[at] = True
        begin = np.maximum.accumulate(np.where(fresh, np.arange(n), 0))
        column = np.arange(n) - begin + np.where(breaks, 1, np.append(self._column, starts.column)[part])[begin]
        file = np.append(self._file, starts.file)[part]
        index = self._index + np.arange(n)
        self._index += n
        self._file, self._line, self._column = int(file[-1]), int(line[-1]), int(column[-1]) + 1
        return Positions(index, file, line, column)

    def _breaks(self, characters: Sequence[str]) -> NDArray[np.bool_]:
        """Which characters a line's end stands before, (n,)."""
        kinds = np.fromiter((KINDS.get(character, 0) for character in characters), np.int8, len(characters))
        before = np.append(self._last, kinds[:-1])
        self._last = int(kinds[-1])
        lone = (before == CR) & ((kinds != LF) | (not self._joins_crlf))
        return np.asarray((before == LF) | lone, np.bool_)


def lines_and_columns(text: str, offsets: Indices) -> tuple[Indices, Indices]:
    """Of the characters at some offsets of a file's text, (m,) each; the offset len(text) is the place behind the last one."""
    points = code_points(text)
    begins = np.append(0, np.flatnonzero((points == ord("\n")) | (points == ord("\r"))) + 1)
    line = begins.searchsorted(offsets, "right")
    return line, offsets - begins[line - 1] + 1


def move(line: int, column: int, pieces: Iterable[Any], unit: Unit) -> tuple[int, int]:
    """Line and column of the last character of some text, whose first stands at `line` and `column`; for bytes, of the last byte's."""
    rest: Any = b"" if unit == "byte" else ""
    for piece in pieces:
        rest += piece
        ends = [match.end() for match in LINE_ENDS[unit].finditer(rest)]
        if ends:
            line, column, rest = line + len(ends), 1, rest[ends[-1] :]
    return line, column - 1 + (len(character_starts(rest)) if unit == "byte" else len(rest))
