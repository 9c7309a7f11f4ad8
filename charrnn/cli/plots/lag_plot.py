"""What is left of a gradient by lag, on a logarithmic scale, drawn in a terminal: the median between its quartiles."""

from collections.abc import Sequence

import numpy as np
from rich.text import Text

from charrnn.cli.plots.braille import STYLES, Cells, Field, align_labels, cells_of_line, draw_row, with_axes
from charrnn.diagnostics.gradflow.gradient_flow import LOG_ZERO, Curve
from charrnn.text.characters.unit_names import Unit, unit_name

COLUMNS, ROWS = 72, 14
MIN_COLUMNS = 24  # otherwise each lag has one column; this leaves room for the name of the axis
BAND = "░"  # the quartiles, where each median is drawn in a letter
LABEL = 5  # columns of a label at the left, at least; the axis takes two more
MIN_POWER, MAX_POWER = -16, 16  # of ten: below, the gradient has vanished; above, it has exploded


def lag_plot(curves: Sequence[Curve], columns: int, unit: Unit = "char", coloured: bool = False) -> list[Text]:
    """The lines of the plot, at most `columns` wide. Several curves differ in colour, or in the letters of their
    medians.
    """
    low = max(MIN_POWER, min(-1.0, *(value for curve in curves for value in curve.lower if value > LOG_ZERO)))
    high = min(MAX_POWER, max(0.5, *(max(curve.upper) for curve in curves)))
    labels = align_labels(_powers_by_row(low, high), ROWS, LABEL)
    lags = np.arange(len(curves[0].median), dtype=float)
    columns = max(1, min(COLUMNS, columns - len(labels[0]), max(MIN_COLUMNS, len(lags))))
    field = Field(lags[-1], low, high, columns, ROWS)

    def cells_of(values: Sequence[float]) -> Cells:
        return cells_of_line(lags, np.array(values), field)

    medians = np.array([cells_of(curve.median) for curve in curves])
    quartiles = np.array([cells_of(curve.lower) | cells_of(curve.upper) for curve in curves])
    if coloured or len(curves) == 1:
        cells, letters = medians | quartiles, ""
    else:
        cells = np.array([*medians, np.bitwise_or.reduce(quartiles)])
        letters = "".join(curve.state for curve in curves) + BAND
    drawn = [draw_row(cells[:, row], np.zeros_like(cells[:, row], bool), letters) for row in range(ROWS)]
    lines = with_axes(labels, drawn, field, f"{unit_name(unit)} back")
    for line in lines:
        line.rstrip()
    return [*lines, _legend(curves)] if coloured and len(curves) > 1 else lines


def _legend(curves: Sequence[Curve]) -> Text:
    text = Text()
    for curve, style in zip(curves, STYLES, strict=False):
        text.append("⠤⠤", style).append(f" {curve.state}  ")
    return text


def _powers_by_row(low: float, high: float) -> dict[int, float]:
    """The powers of ten by the rows in which a curve has them, each of 4 dots; at most one a row."""
    powers = range(int(np.ceil(low)), int(high) + 1)
    every = 1 + len(powers) // ROWS
    return {round((high - p) / (high - low) * (4 * ROWS - 1)) // 4: 10.0**p for p in powers if p % every == 0}
