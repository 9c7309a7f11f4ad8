"""How a contest is told: losses minute by minute in a table, and as curves with the n-gram's line."""

from collections.abc import Sequence
from pathlib import Path

from charrnn.cli.plots.matplotlib_style import COLOURS, GREY, open_figure

from .kept import Result
from .tables import SPREAD, markdown, mean_and_spread
from .text import NGRAM

SLACK = 0.05  # of the time between two marks: who is due at one finishes a step first
Curves = dict[str, list[list[Result]]]  # by contestant, a curve for each seed


def curves_of(results: Sequence[Result]) -> Curves:
    """The curves of each contestant, named with its recipe where there is one."""
    found: Curves = {}
    for result in results:
        recipe = f" {result['recipe']}" if "recipe" in result else ""
        found.setdefault(result["contestant"] + recipe, []).append(result["curve"])
    return found


def at(curve: Sequence[Result], seconds: float) -> list[float]:
    """The loss of the last validation until then; none before the first."""
    return [told["loss"] for told in curve if told["seconds"] <= seconds][-1:]


def table(results: Sequence[Result], every: float) -> str:
    """Minute by minute, with the lowest loss of each last, and what must be known to read it."""
    curves = curves_of(results)
    minutes = max((result["minutes"] for result in results), default=0)
    rows = []
    for number in range(1, round(minutes * 60 / every) + 1):
        losses = [[loss for curve in each for loss in at(curve, (number + SLACK) * every)] for each in curves.values()]
        rows.append([f"{number * every / 60:.3g}", *map(mean_and_spread, losses)])
    lowest = [[min(told["loss"] for told in curve) for curve in each] for each in curves.values()]
    rows.append(["lowest", *map(mean_and_spread, lowest)])
    notes = [f"The 7-gram: {NGRAM}. Minutes are those of updates, validations apart. {SPREAD}", *_blocks(curves)]
    return "\n".join([markdown(["minutes", *curves], rows), "", *notes])


def _blocks(curves: Curves) -> list[str]:
    """What a contestant's own protocol of random blocks says."""
    said = []
    for name, each in curves.items():
        lowest = [min(told["loss_blocks"] for told in curve) for curve in each if "loss_blocks" in curve[0]]
        if lowest:
            said.append(f"{name} over random blocks, nanoGPT's own protocol: lowest {mean_and_spread(lowest)}.")
    return said


def figure(results: Sequence[Result], every: float, path: Path) -> Path:
    """Draw loss against minutes from the first line of the table on, a line for each seed and a dot for each validation; the path."""
    curves = curves_of(results)
    with open_figure(path, width=8, height=4.5) as figure:
        axes = figure.subplots()
        for (name, each), colour in zip(curves.items(), COLOURS, strict=False):
            for number, curve in enumerate(each):
                drawn = [told for told in curve if told["seconds"] > (1 - SLACK) * every]
                x, y = [told["seconds"] / 60 for told in drawn], [told["loss"] for told in drawn]
                axes.plot(x, y, "o-", color=colour, markersize=2.5, linewidth=1, label=name if number == 0 else None)
        axes.axhline(NGRAM, color=GREY, linestyle="--", label=f"7-gram: {NGRAM}")
        axes.set_xlabel("minutes of updates")
        axes.set_ylabel("loss on the last tenth, nats per character")
        axes.set_xlim(left=0)
        axes.legend(loc="upper right")
    return path
