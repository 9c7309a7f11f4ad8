"""A canvas of Unicode braille for curves in a terminal: a character is 4 x 2 dots.

0 3      a cell's dots and their bits: U+2800 + the sum of 2^bit
1 4
2 5
6 7
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from charrnn.cli.output.styled_text import styled_runs
from charrnn.cli.output.wrapping import shorten
from charrnn.network.arrays import Array

BITS = np.array([[0, 3], [1, 4], [2, 5], [6, 7]])
BLANK = 0x2800
STYLES = ("color(75)", "color(208)", "color(36)", "color(175)", "color(179)", "color(117)", "")
DOT = "o"
Dots = NDArray[np.bool_]
Cells = NDArray[np.int64]


@dataclass(frozen=True)
class Field:
    """What a plot shows: from 0 to `right`, from `low` to `high`, in `columns` x `rows` characters."""

    right: float
    low: float
    high: float
    columns: int
    rows: int


def cells_of_line(x: Array, y: Array, field: Field) -> Cells:
    """A line through the points, as the bits of each character, (rows, columns). Outside the field nothing is drawn."""
    return _cells(*_between(*_place(x, y, field)), field)


def cells_of_points(x: Array, y: Array, field: Field) -> Cells:
    """The points alone, as bits."""
    return _cells(*_place(x, y, field), field)


def _place(x: Array, y: Array, field: Field) -> tuple[Array, Array]:
    """The points in dots from the left edge, and from the upper one. A flat curve is in the middle."""
    across = x / (field.right or 1) * (2 * field.columns - 1)
    flat = field.high == field.low
    share = np.full_like(y, 0.5) if flat else (field.high - y) / (field.high - field.low)
    near = np.clip(share, -1, 2)  # a line to a value far outside would have as many dots as it is far
    return across, near * (4 * field.rows - 1)


def _between(across: Array, down: Array) -> tuple[Array, Array]:
    """Points on the line, close enough to set all of its dots."""
    if len(across) == 1:
        return across, down
    gaps = np.maximum(np.abs(np.diff(across)), np.abs(np.diff(down)))
    places = np.concatenate([[0.0], np.cumsum(np.maximum(np.ceil(gaps), 1))])
    all_places = np.arange(places[-1] + 1)
    return np.interp(all_places, places, across), np.interp(all_places, places, down)


def _cells(across: Array, down: Array, field: Field) -> Cells:
    dots = np.zeros((4 * field.rows, 2 * field.columns), bool)
    i, j = np.rint(down), np.rint(across)
    inside = (i >= 0) & (i < dots.shape[0]) & (j >= 0) & (j < dots.shape[1])
    dots[i[inside].astype(int), j[inside].astype(int)] = True
    cells = dots.reshape(field.rows, 4, field.columns, 2) * (1 << BITS)[:, None, :]
    return np.asarray(cells.sum((1, 3)), np.int64)


def draw_row(cells: Cells, marks: Dots, letters: str = "") -> Text:
    """A row of characters; cells and marks are (curves, columns). Where curves meet, the style is the first one's.

    With `letters` a curve is drawn in its letter instead of dots, and marks are left out.
    """
    return styled_runs(_character(cells[:, i], marks[:, i], letters) for i in range(cells.shape[1]))


def _character(bits: Cells, marked: Dots, letters: str) -> tuple[str, str]:
    """A character and its style, from the dots and the marks of each curve there."""
    if marked.any() and not letters:
        curve = int(np.argmax(marked))
        return DOT, STYLES[curve % len(STYLES)]
    if not bits.any():
        return " ", ""
    curve = int(np.argmax(bits > 0))
    drawn = letters[curve % len(letters)] if letters else chr(BLANK + int(np.bitwise_or.reduce(bits)))
    return drawn, STYLES[curve % len(STYLES)]


def align_labels(values: Mapping[int, float], rows: int, columns: int) -> list[str]:
    """What each row begins with: its value, if it has one, and the axis. All are equally wide, `columns` or more."""
    labels = [f"{values[row]:.4g}" if row in values else "" for row in range(rows)]
    width = max(columns, *map(len, labels))
    return [f"{label:>{width}} ┤" for label in labels]


def with_axes(labels: Sequence[str], rows: Iterable[Text], field: Field, x_label: str) -> list[Text]:
    """The rows, each after its label from `align_labels`, and the x axis below them."""
    lines = [Text(label) + row for label, row in zip(labels, rows, strict=True)]
    gutter, right = len(labels[0]), f"{field.right:,.0f}" if field.right >= 100 else f"{field.right:.3g}"
    room = field.columns - 1 - len(right)
    below = f"0{shorten(Text(x_label), room).plain:^{room}}{right}" if room > 0 else f"{right:>{field.columns}}"
    return [*lines, Text(" " * (gutter - 1) + "└" + "─" * field.columns), Text(" " * gutter + below)]
