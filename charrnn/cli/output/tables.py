"""Tables of figures; no figure is ever shortened or broken.

A pipe or a file gets a table in its full width. In a narrower terminal headings are broken between words, and names are
folded; if that is not enough, each row becomes a block, and its fields line up with those of the block before.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.segment import Segments
from rich.table import Table as RichTable
from rich.text import Text

from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.wrapping import fold, longest_part, unbreakable, width_of

MIN_FOLDED_COLUMNS = 12  # of a name that is folded
BORDERS = 3  # columns for each column, and one more
GAP, INDENT = 2, 2  # columns between the fields of a block, and before its second line
Cell = str | Text


@dataclass(frozen=True)
class Name:
    """The heading of a column of names or words, which may be folded; a heading of figures is a plain string."""

    heading: str


@dataclass(frozen=True)
class Row:
    """The cells of a row; if it `closes` a section, a line follows it."""

    cells: Sequence[Text]
    style: str
    closes: bool


class Table:
    """Rows of cells below headings."""

    def __init__(self, *columns: str | Name, title: str = "") -> None:
        self._headings = [each.heading if isinstance(each, Name) else each for each in columns]
        self._folds = [isinstance(each, Name) for each in columns]
        self._title = title
        self._rows: list[Row] = []

    def add_row(self, *cells: Cell, style: str = "", closes: bool = False) -> None:
        """Add a row; what is unsafe in a string is made visible, a Text is shown as it is. Raises ValueError for a
        wrong count of cells.
        """
        if len(cells) != len(self._headings):
            raise ValueError(f"a row of {len(cells)} cells, and {len(self._headings)} columns")
        self._rows.append(
            Row([cell if isinstance(cell, Text) else mark_unsafe_line(cell) for cell in cells], style, closes)
        )

    def show(self, console: Console) -> None:
        """Print the table, in its full width or in that of the terminal."""
        room = terminal_columns(console) or sys.maxsize
        shared, every = self._shared_count(), range(len(self._headings))
        if self._title:
            console.print(_fold(Text(self._title, "italic"), room), soft_wrap=True)
        if widths := self._fitting(every, room):
            _print(console, self._draw(every, widths, self._rows))
        elif shared and (widths := self._fitting(every[shared:], room)):
            widest = [self._widest(column) for column in every]
            for section in self._sections():
                for line in _pack(self._fields(section[0], every[:shared], widest), room):
                    console.print(line, soft_wrap=True)
                _print(console, self._draw(every[shared:], widths, section))
        else:
            for line in self._blocks(shared, room):
                console.print(line, soft_wrap=True)

    def _shared_count(self) -> int:
        """The number of leading columns that only the first row of a section fills."""
        sectioned = any(row.closes for row in self._rows)
        filled = (next((c for c, cell in enumerate(row.cells) if cell.plain), 0) for row in self._rows)
        return max(filled, default=0) if sectioned else 0

    def _sections(self) -> Iterator[list[Row]]:
        section = []
        for row in self._rows:
            section.append(row)
            if row.closes or row is self._rows[-1]:
                yield section
                section = []

    def _widest(self, column: int) -> int:
        cells = (row.cells[column].plain for row in self._rows)
        return max((width_of(line) for cell in cells for line in cell.split("\n")), default=0)

    def _least(self, column: int, part: Callable[[str], int]) -> int:
        """The least width of a column: whole figures; for names their longest part, and some room."""
        heading = longest_part(self._headings[column])
        if not self._folds[column]:
            return max(heading, self._widest(column))
        parts = (part(row.cells[column].plain) for row in self._rows)
        return max(heading, min(MIN_FOLDED_COLUMNS, self._widest(column)), *parts, 0)

    def _fitting(self, columns: Sequence[int], room: int) -> list[int]:
        """Widths that fit, with whole words or at least whole numbers; empty if none do."""
        unbroken = [max(width_of(self._headings[column]), self._widest(column)) for column in columns]
        room -= BORDERS * len(columns) + 1
        for part in (longest_part, unbreakable):
            least = [self._least(column, part) for column in columns]
            if sum(least) <= room:
                return _narrow(unbroken, least, room)
        return []

    def _draw(self, columns: Sequence[int], widths: Sequence[int], rows: Iterable[Row]) -> RichTable:
        table = RichTable()
        for column, width in zip(columns, widths, strict=True):
            table.add_column(_fold(Text(self._headings[column]), width), width=width, no_wrap=True)
        for row in rows:
            cells = [_fold(row.cells[column], width) for column, width in zip(columns, widths, strict=True)]
            table.add_row(*cells, style=row.style, end_section=row.closes)
        return table

    def _blocks(self, shared: int, room: int) -> Iterator[Text]:
        """Each row as a few lines of headings and cells; an empty line between sections, or between all rows."""
        first, rest = range(shared), range(shared, len(self._headings))
        widest = [self._widest(column) for column in (*first, *rest)]
        for section in self._sections() if shared else ([row] for row in self._rows):
            if section[0] is not self._rows[0]:
                yield Text("")
            yield from _pack(self._fields(section[0], first, widest), room)
            for row in section:
                yield from _pack(self._fields(row, rest, widest), room, bool(shared))

    def _fields(self, row: Row, columns: Iterable[int], widest: Sequence[int]) -> list[Text]:
        """Cells with their headings, padded to the widest, so that they line up with those of the row before."""
        fields = []
        for column in columns:
            heading, cell = self._headings[column], row.cells[column]
            field = Text(f"{heading} " if heading else "", "dim") + cell
            field.pad_right(max(0, widest[column] - width_of(cell.plain)))
            field.stylize_before(row.style)
            fields += [field] if cell.plain else []
        return fields


def terminal_columns(console: Console) -> int | None:
    """The width of the console's terminal; None if it writes to something else, which has no width."""
    if not console.file.isatty():
        return None
    try:
        return os.get_terminal_size(console.file.fileno()).columns or console.width
    except (OSError, ValueError):
        return console.width


def _narrow(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths made narrower, the widest first, until all fit."""
    widths = list(widths)
    while sum(widths) > room:
        widest = max((c for c in range(len(widths)) if widths[c] > least[c]), key=lambda c: widths[c])
        widths[widest] -= 1
    return widths


def _print(console: Console, table: RichTable) -> None:
    """Print a table whole, even if it is wider than the console."""
    width = sum(column.width or 0 for column in table.columns) + BORDERS * len(table.columns) + 1
    segments = console.render(table, console.options.update(width=width))
    console.print(Segments(segments), soft_wrap=True, end="")


def _pack(fields: Iterable[Text], room: int, indented: bool = False) -> Iterator[Text]:
    """Lines of as many fields as fit; all but the first, or all, are indented."""
    indent = Text(" " * INDENT)
    line = indent.copy() if indented else Text()
    for field in fields:
        gap = GAP if line.plain.strip() else 0
        if gap and width_of(line.plain) + gap + width_of(field.plain.rstrip(" ")) > room:
            yield from _hung(line, room)
            line, gap = indent.copy(), 0
        line = line + " " * gap + field
    if line.plain.strip():
        yield from _hung(line, room)


def _hung(line: Text, room: int) -> Iterator[Text]:
    """A line without trailing spaces, folded if a single field is too wide for it."""
    line.rstrip()
    parts = fold(line, room) if width_of(line.plain) <= room else fold(line, room - INDENT)
    for number, part in enumerate(parts):
        yield Text(" " * INDENT * bool(number)) + part


def _fold(cell: Text, width: int) -> Text:
    return Text("\n").join(fold(cell, width))
