"""Report a contest: a table of losses minute by minute, and a figure of loss curves with the n-gram's loss as a line."""

from collections.abc import Sequence
from pathlib import Path

from charrnn.cli.plots.matplotlib_style import COLOURS, GREY, open_figure

from .results_file import Result
from .tables import SPREAD, markdown, mean_and_spread
from .text import NGRAM

SLACK = 0.05  # share of the interval: a validation that is due waits for the end of its step
Curves = dict[str, list[list[Result]]]  # contestant: a curve for each seed


def group_curves(results: Sequence[Result]) -> Curves:
    """Group the curves by contestant and recipe."""
    found: Curves = {}
    for result in results:
        recipe = f" {result['recipe']}" if "recipe" in result else ""
        found.setdefault(result["contestant"] + recipe, []).append(result["curve"])
    return found


def loss_at(curve: Sequence[Result], seconds: float) -> list[float]:
    """The loss of the last validation until then, in a list; empty before the first validation."""
    return [point["loss"] for point in curve if point["seconds"] <= seconds][-1:]


def table(results: Sequence[Result], every: float) -> str:
    """A row for each minute, a last row with the lowest losses, and notes on how to read the table."""
    curves = group_curves(results)
    minutes = max((result["minutes"] for result in results), default=0)
    rows = []
    for number in range(1, round(minutes * 60 / every) + 1):
        losses = [
            [loss for curve in each for loss in loss_at(curve, (number + SLACK) * every)] for each in curves.values()
        ]
        rows.append([f"{number * every / 60:.3g}", *map(mean_and_spread, losses)])
    lowest = [[min(point["loss"] for point in curve) for curve in each] for each in curves.values()]
    rows.append(["lowest", *map(mean_and_spread, lowest)])
    notes = [f"The 7-gram: {NGRAM}. Minutes are those of updates, validations apart. {SPREAD}", *_blocks(curves)]
    return "\n".join([markdown(["minutes", *curves], rows), "", *notes])


def _blocks(curves: Curves) -> list[str]:
    """Notes on the losses over random blocks, for contestants that report them."""
    notes = []
    for name, each in curves.items():
        lowest = [min(point["loss_blocks"] for point in curve) for curve in each if "loss_blocks" in curve[0]]
        if lowest:
            notes.append(f"{name} over random blocks, nanoGPT's own protocol: lowest {mean_and_spread(lowest)}.")
    return notes


def draw_figure(results: Sequence[Result], every: float, path: Path) -> Path:
    """Plot loss against minutes from the first row of the table on, a line for each seed; return the path."""
    curves = group_curves(results)
    with open_figure(path, width=8, height=4.5) as figure:
        axes = figure.subplots()
        for (name, each), colour in zip(curves.items(), COLOURS, strict=False):
            for number, curve in enumerate(each):
                drawn = [point for point in curve if point["seconds"] > (1 - SLACK) * every]
                x, y = [point["seconds"] / 60 for point in drawn], [point["loss"] for point in drawn]
                axes.plot(x, y, "o-", color=colour, markersize=2.5, linewidth=1, label=name if number == 0 else None)
        axes.axhline(NGRAM, color=GREY, linestyle="--", label=f"7-gram: {NGRAM}")
        axes.set_xlabel("minutes of updates")
        axes.set_ylabel("loss on the last tenth, nats per character")
        axes.set_xlim(left=0)
        axes.legend(loc="upper right")
    return path
