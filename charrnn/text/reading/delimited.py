"""One column of a .csv or .tsv file, with the csv module of Python.

A .tsv has tabs. A .csv has commas, semicolons, tabs or bars: the one that cuts most of the first rows alike. A cell with
a line break or a separator has quotes around it, and a quote within these is written twice. In a .tsv whose quotes do
not pair, quotes are characters like others.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Literal, NamedTuple

from charrnn.errors import TextError
from charrnn.text.characters.printable import quote
from charrnn.text.reading.tables import Cell, is_number, no_such_column

SEPARATORS = ",;\t|"
ROWS_LOOKED_AT = 50  # for the separator
LINE_ENDS = str.maketrans("\r", "\n")


class Row(NamedTuple):
    """The cells of one row, and the line of the file where it begins."""

    cells: list[str]
    line: int


def read_cells(name: str, content: str, field: str, tabs: bool) -> tuple[list[Cell], tuple[str, ...]]:
    """The cell of each row in one column, and notes. `tabs`: the file is a .tsv.

    Raises TextError for a column that does not exist, and for quotes that do not pair.
    """
    rows = _rows(name, content, tabs)
    if not rows:
        return [], ()
    column, has_header = _find_column(name, rows[0].cells, field)
    below = rows[has_header:]
    cells = [_cell(row, column) for row in below]
    longer = [row.line for row in below if len(row.cells) > len(rows[0].cells)]
    return cells, (_longer_note(name, longer),) if longer else ()


def column_names(content: str, tabs: bool) -> list[str]:
    """The cells of the first row; `content` may end within a row."""
    with _any_size(content):
        separator = "\t" if tabs else _separator(content)
        return [cell.strip() for cell in next(filter(any, csv.reader(_lines(content), delimiter=separator)), [])]


def _find_column(name: str, first: list[str], field: str) -> tuple[int, bool]:
    """The index of a column, and whether the first row names the columns."""
    names = [cell.strip() for cell in first]
    if names.count(field) > 1:
        raise TextError(f"{name}: {names.count(field)} columns have the name {quote(field)}; rename all but one")
    if field in names:
        return names.index(field), True
    if not is_number(field):
        hint = "; if its first line has no names, write the number of a column: data.field=1"
        raise no_such_column(name, field, names, hint)
    if not 1 <= int(field) <= len(first):
        raise TextError(
            f"{name}: no column has the name {quote(field)}, and its columns have the numbers 1 to {len(first)}"
        )
    return int(field) - 1, False


def _cell(row: Row, column: int) -> Cell:
    before = "".join(row.cells[:column]).translate(LINE_ENDS).count("\n")
    return Cell(row.cells[column] if column < len(row.cells) else "", row.line + before)


def _rows(name: str, content: str, tabs: bool) -> list[Row]:
    """All rows that have something in them."""
    with _any_size(content):
        separator = "\t" if tabs else _separator(content)
        try:
            return list(_parse(content, separator, csv.QUOTE_MINIMAL))
        except csv.Error as error:
            if tabs:
                return list(_parse(content, separator, csv.QUOTE_NONE))
            raise TextError(f"{name}:{error}") from None


def _parse(content: str, separator: str, quoting: Literal[0, 3]) -> Iterator[Row]:
    """Raises csv.Error, with the line, for quotes that do not pair."""
    reader = csv.reader(_lines(content), delimiter=separator, quoting=quoting, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield Row(cells, line)
            line = reader.line_num + 1
    except csv.Error as error:
        what = (
            "a quote in this row is not closed"
            if "unexpected end" in str(error)
            else "a quote within a quoted cell must be written twice"
        )
        raise csv.Error(f"{line}: {what}") from None


def _separator(content: str) -> str:
    def alike(separator: str) -> int:
        """How many of the first rows have as many cells as the first one, if that has several."""
        rows = [row for row in islice(csv.reader(_lines(content), delimiter=separator), ROWS_LOOKED_AT) if row]
        return sum(len(row) == len(rows[0]) for row in rows) if rows and len(rows[0]) > 1 else 0

    return max(SEPARATORS, key=alike)  # the first of several


def _lines(content: str) -> io.StringIO:
    """The lines of a text: as in editors, \\r ends one, too."""
    return io.StringIO(content, newline="")


@contextmanager
def _any_size(content: str) -> Iterator[None]:
    """In the `with` block, a cell may be as long as the whole text."""
    before = csv.field_size_limit(len(content) + 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _longer_note(name: str, lines: list[int]) -> str:
    rows = "1 row has" if len(lines) == 1 else f"{len(lines):,} rows have"
    return f"{name}: {rows} more cells than the first row (line {lines[0]:,}); a cell with a separator needs quotes around it"
