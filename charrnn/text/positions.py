"""The file, line and column of each character of a text.

A line ends with \\n, \\r\\n or \\r, as in editors; other separators, such as U+2028, do not end one. Lines and columns
count from 1, and a column is one character (code point). A byte order mark does not count. Text that was left out (a
boundary, a blank document) counts: a place is a position in the original file.
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
# The end of a line with a character after it, which begins the next line.
LINE_ENDS: dict[Unit, re.Pattern[Any]] = {
    "char": re.compile(r"[\r\n](?=.)", re.DOTALL),  # each \r\n of the file is \n already
    "byte": re.compile(rb"\n(?=.)|\r(?=[^\n])", re.DOTALL),
}


@dataclass(frozen=True)
class Place:
    """The place of a character: printed as file:line:column."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.file else f"line {self.line}, column {self.column}"


@dataclass(frozen=True)
class Places:
    """The places of some characters, (m,): those with which files or documents begin, or all of a stretch.

    `at`: their positions in the stretch or in the whole text, in order; `file`: the numbers of their files, from 0.
    """

    at: Indices
    file: Indices
    line: Indices
    column: Indices

    @classmethod
    def from_sequences(
        cls, at: Sequence[int], file: Sequence[int], line: Sequence[int], column: Sequence[int]
    ) -> "Places":
        """From sequences of one length."""
        return cls(*(np.asarray(values, np.intp) for values in (at, file, line, column)))

    @classmethod
    def concatenate(cls, parts: Iterable["Places"]) -> "Places":
        """Those of one stretch from those of its parts, in order."""
        fields = [(each.at, each.file, each.line, each.column) for each in parts]
        return cls(*(np.concatenate(values) for values in zip(*fields, strict=True)))

    def shift(self, by: int) -> "Places":
        """The same in a stretch with `by` more characters before them."""
        return replace(self, at=self.at + by)

    def part(self, first: int, stop: int) -> "Places":
        """Those in the part from `first` to `stop`, with positions counted from `first`."""
        kept = slice(*self.at.searchsorted([first, stop]))
        return Places(self.at[kept] - first, self.file[kept], self.line[kept], self.column[kept])


NO_PLACES = Places.from_sequences([], [], [], [])


class PositionTracker:
    """Finds the place of each character of a text, stretch after stretch."""

    def __init__(self, unit: Unit = "char") -> None:
        """`unit`: with "byte", the text still has the \\r\\n of its files."""
        self._joins_crlf = unit == "byte"
        self._index, self._file, self._line, self._column, self._last = 0, 0, 1, 1, 0

    def advance(self, characters: Sequence[str], starts: Places = NO_PLACES) -> Places:
        """The places of the next stretch, (n,), with positions in the text; `starts`: where files or documents begin in
        it.
        """
        n = len(characters)
        if not n:
            return NO_PLACES
        breaks = self._breaks(characters)
        breaks[starts.at] = False
        # The parts that are contiguous in a file; the first continues the last stretch.
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
        return Places(index, file, line, column)

    def _breaks(self, characters: Sequence[str]) -> NDArray[np.bool_]:
        """Which characters begin a line, (n,)."""
        kinds = np.fromiter((KINDS.get(character, 0) for character in characters), np.int8, len(characters))
        before = np.append(self._last, kinds[:-1])
        self._last = int(kinds[-1])
        lone = (before == CR) & ((kinds != LF) | (not self._joins_crlf))
        return np.asarray((before == LF) | lone, np.bool_)


def lines_and_columns(text: str, offsets: Indices) -> tuple[Indices, Indices]:
    """The lines and columns of some offsets in a file's text, (m,) each; the offset len(text) is the place after its
    end.
    """
    points = code_points(text)
    begins = np.append(0, np.flatnonzero((points == ord("\n")) | (points == ord("\r"))) + 1)
    line = begins.searchsorted(offsets, "right")
    return line, offsets - begins[line - 1] + 1


def move(line: int, column: int, pieces: Iterable[Any], unit: Unit) -> tuple[int, int]:
    """Line and column of the last character of a text whose first is at `line` and `column`; for bytes, of the last
    byte's character.
    """
    rest: Any = b"" if unit == "byte" else ""
    for piece in pieces:
        rest += piece
        ends = [match.end() for match in LINE_ENDS[unit].finditer(rest)]
        if ends:
            line, column, rest = line + len(ends), 1, rest[ends[-1] :]
    return line, column - 1 + (len(character_starts(rest)) if unit == "byte" else len(rest))
