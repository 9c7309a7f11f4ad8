"""How a contest is told: losses minute by minute in a table, and as curves with the n-gram's line."""

from collections.abc import Sequence
from pathlib import Path

from charrnn.cli.figures import COLOURS, GREY, drawing

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


def at(curve: Sequence[Result], seconds: float) -> float | None:
    """The loss of the last validation until then; None before the first."""
    return next((told["loss"] for told in reversed(curve) if told["seconds"] <= seconds), None)


def at_marks(curve: Sequence[Result], every: float, last: float) -> list[tuple[float, float | None]]:
    """Seconds, every so many until the last, and the loss there."""
    marks = [every * (number + 1) for number in range(max(1, round(last / every)))]
    return [(seconds, at(curve, seconds + SLACK * every)) for seconds in marks]


def table(results: Sequence[Result], every: float) -> str:
    """Minute by minute, with the lowest loss of each last, and what must be known to read it."""
    curves = curves_of(results)
    longest = max((curve[-1]["seconds"] for each in curves.values() for curve in each), default=every)
    found = [[at_marks(curve, every, longest) for curve in each] for each in curves.values()]
    rows = []
    for number, (seconds, _) in enumerate(at_marks([], every, longest)):
        losses = [[loss for curve in each if (loss := curve[number][1]) is not None] for each in found]
        rows.append([f"{seconds / 60:g}", *map(mean_and_spread, losses)])
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
    """Draw loss against minutes from the first mark on, a line for each seed; the path."""
    curves = curves_of(results)
    with drawing(path, width=8, height=4.5) as figure:
        axes = figure.subplots()
        for (name, each), colour in zip(curves.items(), COLOURS, strict=False):
            for number, curve in enumerate(each):
                points = at_marks(curve, every, curve[-1]["seconds"])
                x, y = [seconds / 60 for seconds, _ in points], [loss for _, loss in points]
                axes.plot(x, y, "o-", color=colour, markersize=3, label=name if number == 0 else None)
        axes.axhline(NGRAM, color=GREY, linestyle="--", label=f"7-gram: {NGRAM}")
        axes.set_xlabel("minutes of updates")
        axes.set_ylabel("loss on the last tenth, nats per character")
        axes.set_xlim(left=0)
        axes.legend(loc="upper right")
    return path
