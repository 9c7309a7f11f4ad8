"""What is left of a gradient by lag, on a logarithmic scale, drawn in a terminal: the median between its quartiles."""

from collections.abc import Sequence

import numpy as np
from rich.text import Text

from charrnn.cli.plots.braille import STYLES, Field, align_labels, cells_of_line, draw_row, with_axes
from charrnn.diagnostics.gradflow.gradient_flow import LOG_ZERO, Curve
from charrnn.text.characters.unit_names import Unit, unit_name

COLUMNS, ROWS = 72, 14
LABEL = 5  # columns of a label at the left, at least; the axis takes two more
MIN_POWER, MAX_POWER = -16, 16  # of ten: below, the gradient has vanished; above, it has exploded


def lag_plot(curves: Sequence[Curve], columns: int, unit: Unit = "char", coloured: bool = False) -> list[Text]:
    """The lines of the plot, at most `columns` wide. Several curves differ in colour, or in letters."""
    low = max(MIN_POWER, min(-1.0, *(value for curve in curves for value in curve.lower if value > LOG_ZERO)))
    high = min(MAX_POWER, max(0.5, *(max(curve.upper) for curve in curves)))
    labels = align_labels(_powers_by_row(low, high), ROWS, LABEL)
    columns = max(1, min(COLUMNS, columns - len(labels[0])))
    lags = np.arange(len(curves[0].median), dtype=float)
    field = Field(lags[-1], low, high, columns, ROWS)
    parts = [
        [cells_of_line(lags, np.array(line), field) for line in (curve.lower, curve.median, curve.upper)]
        for curve in curves
    ]
    cells = np.bitwise_or.reduce(parts, axis=1)
    letters = "" if coloured or len(curves) == 1 else "".join(curve.state for curve in curves)
    drawn = [draw_row(cells[:, row], np.zeros_like(cells[:, row], bool), letters) for row in range(ROWS)]
    lines = with_axes(labels, drawn, field, f"{unit_name(unit)} back")
    return [*lines, _legend(curves)] if coloured and len(curves) > 1 else lines


def _legend(curves: Sequence[Curve]) -> Text:
    text = Text()
    for curve, style in zip(curves, STYLES, strict=False):
        text.append("⠤⠤", style).append(f" {curve.state}  ")
    return text


def _powers_by_row(low: float, high: float) -> dict[int, float]:
    """The powers of ten by the rows that they belong to, at most one a row."""
    powers = range(int(np.ceil(low)), int(high) + 1)
    every = 1 + len(powers) // ROWS
    return {round((high - p) / (high - low) * (ROWS - 1)): 10.0**p for p in powers if p % every == 0}
