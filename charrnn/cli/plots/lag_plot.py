"""Curves over the lag on a logarithmic scale, drawn in characters: the median by the name of its state, the quartiles shaded."""

from collections.abc import Sequence

from charrnn.diagnostics.gradflow.gradient_flow import LOG_ZERO, Curve
from charrnn.text.characters.unit_names import Unit, unit_name

WIDTH, HEIGHT = 72, 14
MIN_COLUMNS = 10  # columns of the curves
GUTTER = 9
MIN_POWER, MAX_POWER = -16.0, 16.0  # powers of ten: beyond, nothing is left, or everything has exploded
BAND = "░"


def log_plot(curves: Sequence[Curve], columns: int | None = None, unit: Unit = "char") -> list[str]:
    """Lines of a drawing, of no more than `columns` where those are enough for one: `h` or `c` is a median, the shade its quartiles."""
    label = f"  {unit_name(unit)} back"
    columns = WIDTH + GUTTER + len(label) if columns is None else columns
    lags = len(curves[0].median) - 1
    low = max(MIN_POWER, min(-1.0, *(value for curve in curves for value in curve.lower if value > LOG_ZERO)))
    high = min(MAX_POWER, max(0.5, *(max(curve.upper) for curve in curves)))
    width = min(WIDTH, lags + 1, max(MIN_COLUMNS, columns - GUTTER - len(label)))
    cells = [[" "] * width for _ in range(HEIGHT)]
    for curve in curves:
        for column in range(width):
            lag = round(column * lags / max(1, width - 1))
            if curve.upper[lag] < low or curve.lower[lag] > high:
                continue
            top, bottom = (_row(value, low, high) for value in (curve.upper[lag], curve.lower[lag]))
            for row in range(top, bottom + 1):
                cells[row][column] = BAND if cells[row][column] == " " else cells[row][column]
            if low <= curve.median[lag] <= high:
                cells[_row(curve.median[lag], low, high)][column] = curve.state
    lines = [f"{_label(row, low, high):>7} │{''.join(cells[row]).rstrip()}" for row in range(HEIGHT)]
    axis = f"{0:<{max(2, width - len(str(lags)))}}{lags}"
    return [*lines, f"{'':>7} └{'─' * width}", f"{'':>{GUTTER}}{axis}{label}"]


def _row(log10: float, low: float, high: float) -> int:
    """From 0, the highest, down."""
    share = (high - min(high, max(low, log10))) / (high - low)
    return round(share * (HEIGHT - 1))


def _label(row: int, low: float, high: float) -> str:
    """The power of ten that stands at a row, if one does, at every row or so many that they do not crowd."""
    powers = [power for power in range(int(MIN_POWER), int(MAX_POWER) + 1) if low <= power <= high]
    apart = 1 + len(powers) // HEIGHT
    return next((f"1e{p}" if p else "1" for p in powers if p % apart == 0 and _row(p, low, high) == row), "")
