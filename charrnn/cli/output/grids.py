"""Small matrices in rows and columns. No number is cut: columns that a terminal has no room for follow below."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from charrnn.cli.output.tables import terminal_columns
from charrnn.cli.output.wrapping import width_of

GAP = 3  # columns between two cells
EMPTY = Text()
Row = tuple[str, Sequence[Text]]  # its label and its cells


class Grid:
    """A table whose cells are texts of several lines."""

    def __init__(self, *headings: str) -> None:
        self._headings = headings
        self._rows: list[Row] = []

    def add_row(self, label: str, *cells: Text) -> None:
        """Add a row; cells may be missing at its end. Raises ValueError for more cells than headings."""
        if len(cells) > len(self._headings):
            raise ValueError(f"{len(cells)} cells, but {len(self._headings)} columns")
        self._rows.append((label, [*cells, *[EMPTY] * (len(self._headings) - len(cells))]))

    def show(self, console: Console) -> None:
        """Print the table: into a pipe in its full width, on a terminal in bands of columns that fit."""
        label_width = max(width_of(label) for label, _ in self._rows)
        widths = [self._width(column) for column in range(len(self._headings))]
        spaced = any("\n" in cell.plain for _, cells in self._rows for cell in cells)
        for band in _bands(widths, label_width, terminal_columns(console)):
            filled = [(label, cells) for label, cells in self._rows if any(cells[column] for column in band)]
            headings = "", [Text(heading, "dim") for heading in self._headings]
            for number, row in enumerate([headings, *filled]):
                if spaced and number > 1:
                    console.print()
                for line in _lines(row, band, widths, label_width):
                    console.print(line, soft_wrap=True)
            console.print()

    def _width(self, column: int) -> int:
        lines = [line for _, cells in self._rows for line in cells[column].plain.split("\n")]
        return max(map(width_of, [self._headings[column], *lines]))


def _bands(widths: Sequence[int], label_width: int, room: int | None) -> Iterator[list[int]]:
    """The columns in groups that fit beside the labels; each group has at least one."""
    band: list[int] = []
    used = label_width
    for column, width in enumerate(widths):
        if band and room is not None and used + GAP + width > room:
            yield band
            band, used = [], label_width
        band.append(column)
        used += GAP + width
    yield band


def _lines(row: Row, band: Sequence[int], widths: Sequence[int], label_width: int) -> Iterator[Text]:
    label, cells = row
    blocks = [cells[column].split("\n", allow_blank=True) for column in band]
    for number in range(max(map(len, blocks))):
        line = Text(label if number == 0 else "")
        line.pad_right(label_width - width_of(line.plain))
        for column, block in zip(band, blocks, strict=True):
            part = block[number] if number < len(block) else EMPTY
            line = line + " " * GAP + part + " " * (widths[column] - width_of(part.plain))
        line.rstrip()
        yield line
