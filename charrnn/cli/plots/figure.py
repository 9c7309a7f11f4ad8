"""The curves of trainings as a figure: a panel for each quantity, a colour for each run, one legend.

Raw curves are faint, means strong, evaluations dots on a line; the best a star, rollbacks triangles on the axis.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from charrnn.cli.plots.curves import (
    QUANTITIES,
    Curve,
    PlotData,
    PlottedRun,
    Quantity,
    downsample_min_max,
    summary,
    y_limits,
)
from charrnn.cli.plots.matplotlib_style import COLOURS, GREY, open_figure
from charrnn.text.characters.printable import printable_line
from charrnn.training.events import bits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, TOP, LINE, PANEL = 8.0, 0.8, 0.2, 2.4  # inches
COLUMNS = 1000  # at most two points of a curve in each: more than a screen shows
MARGIN = 0.05  # of a panel's height, above and below
Style = Literal["-", "--", ":", "-."]
STYLES: tuple[Style, ...] = ("-", "--", ":", "-.")  # of the runs, once the colours are used up


def write_figure(path: Path, data: PlotData, quantities: Sequence[Quantity], replace: bool = True) -> None:
    """Draw the quantities of the runs to a file, each in a panel. Raises OutputError."""
    panels = len(quantities)
    height = TOP + LINE * len(data.runs) + PANEL * max(panels, 1.5)
    with open_figure(path, WIDTH, height, replace) as figure:
        every = figure.subplots(panels, sharex=True, squeeze=False)[:, 0]
        for axes, quantity in zip(every, quantities, strict=True):
            _draw_panel(axes, quantity, data)
        every[-1].set_xlabel(data.x_label)
        every[-1].set_xlim(left=0)
        every[-1].xaxis.set_major_formatter("{x:,g}")
        _add_legends(figure, data, quantities)


def _draw_panel(axes: "Axes", quantity: Quantity, data: PlotData) -> None:
    curves = data.curves(quantity)
    axes.set_ylabel(data.label(quantity))
    for number, (run, curve) in enumerate(zip(data.runs, curves, strict=True)):
        _draw_curve(axes, curve, *_look_of(number), faint=quantity.noisy and data.window > 1)
        if run.history.recoveries:
            _mark_recoveries(axes, run, _look_of(number)[0])
    _set_limits(axes, *y_limits(quantity, curves, with_raw=data.window > 1), quantity.logarithmic)
    if quantity is QUANTITIES["loss"]:
        to_bits, to_nats = (lambda nats: np.asarray(nats) * bits(1)), (lambda shown: np.asarray(shown) / bits(1))
        axes.secondary_yaxis("right", functions=(to_bits, to_nats)).set_ylabel(f"bits per {data.unit}", color=GREY)


def _look_of(number: int) -> tuple[str, Style]:
    """The colour and the style of a run's line: the first 28 runs all differ."""
    return COLOURS[number % len(COLOURS)], STYLES[number // len(COLOURS) % len(STYLES)]


def _set_limits(axes: "Axes", low: float, high: float, logarithmic: bool) -> None:
    from matplotlib.ticker import LogLocator

    if logarithmic and low > 0:
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(LogLocator(subs=(2, 3, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
        margin = (high / low) ** MARGIN
        if low < high:
            axes.set_ylim(low / margin, high * margin)
    elif low < high:
        margin = (high - low) * MARGIN
        axes.set_ylim(low - margin, high + margin)


def _draw_curve(axes: "Axes", curve: Curve, colour: str, style: Style, faint: bool) -> None:
    if faint:
        axes.plot(*downsample_min_max(curve.x, curve.raw, COLUMNS), color=colour, alpha=0.2, linewidth=0.6)
    axes.plot(
        *downsample_min_max(curve.x, curve.smooth, COLUMNS),
        style,
        color=colour,
        marker="o" if len(curve.x) == 1 else "",
    )
    if curve.dots.size:
        best = int(curve.dots.argmin())
        edge: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 0.4}
        axes.plot(curve.dots_x, curve.dots, "o-", color=colour, markersize=3.5, linewidth=0.8, **edge)
        axes.plot(curve.dots_x[best], curve.dots[best], "*", color=colour, markersize=12, zorder=5, **edge)


def _mark_recoveries(axes: "Axes", run: PlottedRun, colour: str) -> None:
    at = np.interp(run.history.recoveries, run.history.steps, run.x)
    axes.plot(at, np.zeros_like(at), "^", color=colour, transform=axes.get_xaxis_transform(), clip_on=False)


def _add_legends(figure: "Figure", data: PlotData, quantities: Sequence[Quantity]) -> None:
    """A line for each run above the panels; what the marks mean in the first panel."""
    from matplotlib.lines import Line2D

    lines = []
    for number, run in enumerate(data.runs):
        colour, style = _look_of(number)
        lines.append(Line2D([], [], color=colour, linestyle=style, label=printable_line(summary(run))))
    marks = []
    if data.window > 1 and any(quantity.smooth for quantity in quantities):
        marks.append(Line2D([], [], color=GREY, label=f"mean of {data.window:,} steps"))
    if any(quantity.evaluated for quantity in quantities) and any(run.history.best for run in data.runs):
        marks.append(Line2D([], [], color=GREY, marker="o", markersize=3.5, linewidth=0.8, label="validation"))
        marks.append(Line2D([], [], color=GREY, marker="*", markersize=10, linestyle="", label="best"))
    if any(run.history.recoveries for run in data.runs):
        marks.append(Line2D([], [], color=GREY, marker="^", linestyle="", label="went back after diverging"))
    if marks:
        figure.axes[0].legend(handles=marks, loc="upper right")
    for text in figure.legend(handles=lines, loc="outside upper left").get_texts():
        text.set_parse_math(False)  # a directory's name may have dollars in it
