"""The curves of trainings, drawn in a terminal."""

from collections.abc import Sequence

import numpy as np
from rich.text import Text

from charrnn.cli.output.console import result_console, supports_colour
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.plots.braille import (
    DOT,
    STYLES,
    Field,
    align_labels,
    cells_of_line,
    cells_of_points,
    draw_row,
    with_axes,
)
from charrnn.cli.plots.curves import PlotData, Quantity, downsample_min_max, summary, y_limits

LETTERS = "abcdefghijklmnopqrstuvwxyz"  # for several runs, without colours
ROWS = 14
LABEL = 7  # columns of a label at the left, at least; the axis takes two more


def show(data: PlotData, quantities: Sequence[Quantity]) -> None:
    """Print the quantities of the runs, one below the other, as wide as the terminal, and a legend."""
    console = result_console()
    coloured = supports_colour(console)
    for quantity in quantities:
        console.print(Text(data.label(quantity)), soft_wrap=True)
        for line in plot(data, quantity, console.width - 1, ROWS, coloured):
            console.print(line, soft_wrap=True)
    for line in legend(data, coloured):
        console.print(line, soft_wrap=True)


def plot(data: PlotData, quantity: Quantity, columns: int, rows: int, coloured: bool) -> list[Text]:
    """The means of the curves, and their evaluations as circles, with axes: `columns` wide, with `rows` rows of curves.

    Several runs differ in colour; without colours they are drawn in letters, and the evaluations are left out.
    """
    curves = data.curves(quantity)
    low, high = y_limits(quantity, curves)
    middle = high - (high - low) * (rows // 2) / (rows - 1)
    labels = align_labels({0: high, rows // 2: middle, rows - 1: low}, rows, LABEL)
    columns = max(1, columns - len(labels[0]))
    field = Field(max(float(curve.x.max()) for curve in curves), low, high, columns, rows)
    thinned = [downsample_min_max(curve.x, curve.smooth, 4 * columns) for curve in curves]
    cells = np.array([cells_of_line(x, y, field) for x, y in thinned])
    marks = np.array([cells_of_points(curve.dots_x, curve.dots, field) > 0 for curve in curves])
    drawn = [draw_row(cells[:, row], marks[:, row], _letters(data, coloured)) for row in range(rows)]
    return with_axes(labels, drawn, field, data.x_label)


def _letters(data: PlotData, coloured: bool) -> str:
    return LETTERS if len(data.runs) > 1 and not coloured else ""


def legend(data: PlotData, coloured: bool) -> list[Text]:
    """A line for each run with its style or letter, and what the marks mean."""
    letters = _letters(data, coloured)
    lines = [
        Text(letters[run % len(letters)] if letters else "⠤⠤", STYLES[run % len(STYLES)])
        + mark_unsafe_line(f" {summary(each)}")
        for run, each in enumerate(data.runs)
    ]
    means = f"means of {data.window:,} steps" if data.window > 1 else "single steps"
    dots = any(run.history.best for run in data.runs) and not letters
    return [*lines, Text(means + (f"; {DOT} validation" if dots else ""), "dim")]
