"""The curves of trainings in characters: each is 2 x 4 dots of Unicode braille, for wherever there is no figure.

0 3      a cell's dots and their bits: U+2800 + the sum of 2^bit
1 4
2 5
6 7
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from charrnn.cli.output.console import result_console, supports_colour
from charrnn.cli.output.styled_text import mark_unsafe_line, styled_runs
from charrnn.cli.output.wrapping import shorten
from charrnn.cli.plots.curves import PlotData, Quantity, downsample_min_max, summary, y_limits
from charrnn.runs.storage.history import Floats

BITS = np.array([[0, 3], [1, 4], [2, 5], [6, 7]])
BLANK = 0x2800
STYLES = ("color(75)", "color(208)", "color(36)", "color(175)", "color(179)", "color(117)", "")
MARKS = "abcdefghijklmnopqrstuvwxyz"  # of several runs where there are no colours
DOT = "o"
ROWS = 14
LABEL = 7  # columns of a label at the left, at least; the axis takes two more
Dots = NDArray[np.bool_]


@dataclass(frozen=True)
class Field:
    """What a plot shows: from 0 to `right`, from `low` to `high`, in so many characters."""

    right: float
    low: float
    high: float
    columns: int
    rows: int


def dots_of(x: Floats, y: Floats, field: Field) -> Dots:
    """The dots of a line through the points, (4 rows, 2 columns); what is outside the field is left out."""
    return _set(*_between(*_placed(x, y, field)), field)


def points_of(x: Floats, y: Floats, field: Field) -> Dots:
    """The dots of the points alone."""
    return _set(*_placed(x, y, field), field)


def _placed(x: Floats, y: Floats, field: Field) -> tuple[Floats, Floats]:
    """How many dots to the right of the left edge the points are, and below the upper one. A flat curve is in the middle."""
    across = x / (field.right or 1) * (2 * field.columns - 1)
    flat = field.high == field.low
    share = np.full_like(y, 0.5) if flat else (field.high - y) / (field.high - field.low)
    near = np.clip(share, -1, 2)  # a line to a value far outside would have as many dots as it is far
    return across, near * (4 * field.rows - 1)


def _set(across: Floats, down: Floats, field: Field) -> Dots:
    dots = np.zeros((4 * field.rows, 2 * field.columns), bool)
    i, j = np.rint(down), np.rint(across)
    inside = (i >= 0) & (i < dots.shape[0]) & (j >= 0) & (j < dots.shape[1])
    dots[i[inside].astype(int), j[inside].astype(int)] = True
    return dots


def _between(across: Floats, down: Floats) -> tuple[Floats, Floats]:
    """Points on the line, so near each other that no dot of it is left out."""
    if len(across) == 1:
        return across, down
    gaps = np.maximum(np.abs(np.diff(across)), np.abs(np.diff(down)))
    places = np.concatenate([[0.0], np.cumsum(np.maximum(np.ceil(gaps), 1))])
    all_places = np.arange(places[-1] + 1)
    return np.interp(all_places, places, across), np.interp(all_places, places, down)


def cells_of(dots: Dots) -> NDArray[np.int64]:
    """The bits of each character, (rows, columns)."""
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    cells = dots.reshape(rows, 4, columns, 2) * (1 << BITS)[:, None, :]
    return np.asarray(cells.sum((1, 3)), np.int64)


def show(data: PlotData, quantities: Sequence[Quantity]) -> None:
    """The quantities of the runs, one below the other, as wide as the terminal, with what each run is drawn with below."""
    console = result_console()
    coloured = supports_colour(console)
    for quantity in quantities:
        console.print(Text(data.label(quantity)), soft_wrap=True)
        for line in plot(data, quantity, console.width - 1, ROWS, coloured):
            console.print(line, soft_wrap=True)
    for line in legend(data, coloured):
        console.print(line, soft_wrap=True)


def plot(data: PlotData, quantity: Quantity, columns: int, rows: int, coloured: bool) -> list[Text]:
    """The means of the curves, and their evaluations as circles, with axes, in `columns` and `rows` of curves.

    Several runs are told apart by colour; without colours by letters, and the evaluations are left out.
    """
    curves = data.curves(quantity)
    low, high = y_limits(quantity, curves)
    middle = high - (high - low) * (rows // 2) / (rows - 1)
    labels = align_labels({0: high, rows // 2: middle, rows - 1: low}, rows, LABEL)
    gutter = len(labels[0])
    columns = max(1, columns - gutter)
    field = Field(max(float(curve.x.max()) for curve in curves), low, high, columns, rows)
    cells = np.array(
        [cells_of(dots_of(*downsample_min_max(curve.x, curve.smooth, 4 * columns), field)) for curve in curves]
    )
    marks = np.array([cells_of(points_of(curve.dots_x, curve.dots, field)) > 0 for curve in curves])
    lettered = len(curves) > 1 and not coloured
    drawn = [_row(cells[:, row], marks[:, row], lettered) for row in range(rows)]
    lines = [Text(label) + text for label, text in zip(labels, drawn, strict=True)]
    below = Text(" " * gutter + _below(field, data.x_label))
    return [*lines, Text(" " * (gutter - 1) + "└" + "─" * columns), below]


def align_labels(values: Mapping[int, float], rows: int, columns: int) -> list[str]:
    """What is left of each row: its value, if it has one, and the axis; all as wide as the widest, of `columns` at least."""
    labels = [f"{values[row]:.4g}" if row in values else "" for row in range(rows)]
    width = max(columns, *map(len, labels))
    return [f"{label:>{width}} ┤" for label in labels]


def legend(data: PlotData, coloured: bool) -> list[Text]:
    """A line for each run, with what it is drawn with, and how the marks are to be read."""
    lettered = len(data.runs) > 1 and not coloured
    lines = [
        Text(MARKS[run % len(MARKS)] if lettered else "⠤⠤", STYLES[run % len(STYLES)])
        + mark_unsafe_line(f" {summary(each)}")
        for run, each in enumerate(data.runs)
    ]
    means = f"means of {data.window:,} steps" if data.window > 1 else "single steps"
    dots = any(run.history.best for run in data.runs) and not lettered
    return [*lines, Text(means + (f"; {DOT} validation" if dots else ""), "dim")]


def _below(field: Field, label: str) -> str:
    right = f"{field.right:,.0f}" if field.right >= 100 else f"{field.right:.3g}"
    room = field.columns - 1 - len(right)
    return f"0{shorten(Text(label), room).plain:^{room}}{right}" if room > 0 else f"{right:>{field.columns}}"


def _row(cells: NDArray[np.int64], marks: Dots, lettered: bool) -> Text:
    """A row of characters; cells and marks are (runs, columns). Where curves meet, the first has its colour, or its letter."""
    return styled_runs(_cell(cells[:, column], marks[:, column], lettered) for column in range(cells.shape[1]))


def _cell(bits: NDArray[np.int64], marked: Dots, lettered: bool) -> tuple[str, str]:
    """A character and its style, from the dots of each run there and from whether it has an evaluation there."""
    marked = marked & (not lettered)
    if not bits.any() and not marked.any():
        return " ", ""
    run = int(np.argmax(marked if marked.any() else bits > 0))
    line = MARKS[run % len(MARKS)] if lettered else chr(BLANK + int(np.bitwise_or.reduce(bits)))
    return DOT if marked.any() else line, STYLES[run % len(STYLES)]
