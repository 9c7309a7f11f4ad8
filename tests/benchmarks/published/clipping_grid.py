"""The grid of learning rates and thresholds as a table, and how much of the gain comes from clipping and how much from the rate.

A training diverged if a loss was not finite, or if its last validation loss is above ln V (the loss of equal probabilities) or above
twice its lowest. A cell shows the mean of the lowest validation losses of the others. A rate is usable if no seed diverged.
"""

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from .results_file import Result
from .tables import NONE, SPREAD, markdown, mean_and_spread
from .text import NGRAM

V = 65  # characters of Tiny Shakespeare
TWICE = 2.0

# Pascanu, Mikolov and Bengio 2013: on the scale of the mean loss over 180 steps, without clipping and with it.
THEIR_RATES, THEIR_THRESHOLD = (0.18, 1.8), 0.25
PUBLISHED = (
    ("Penn Treebank, training text", "1.46", "1.34", "1.36"),
    ("Penn Treebank, test text", "1.50", "1.42", "1.41"),
)
PROTOCOL = (
    "Theirs: 500 sigmoid units without biases, bits per character; SGD at .001, with clipping (C) at .01, threshold 45, "
    "for a loss summed over 180 steps: here .18, 1.8 and .25. R: their regularisation, which charrnn does not have."
)


class Cell(NamedTuple):
    """The results of all seeds for one rate and threshold."""

    best: list[float]  # the lowest validation loss of each training that did not diverge
    diverged: int
    clipped: list[float]  # the share of clipped updates of each training that did not diverge

    @property
    def usable(self) -> bool:
        """Whether no seed diverged."""
        return bool(self.best) and not self.diverged

    @property
    def loss(self) -> float:
        """The mean loss of the trainings that did not diverge; infinite if all did."""
        return statistics.fmean(self.best) if self.best else math.inf


Grid = dict[tuple[float | None, float], Cell]
"""By threshold and rate."""


def diverged(result: Result) -> bool:
    """Whether a training diverged, as defined at the top of this file."""
    losses = result["losses"]
    return not result["finite"] or losses[-1] > min(math.log(V), TWICE * min(losses))


def grid(results: Sequence[Result]) -> Grid:
    """Group results into cells."""
    found: Grid = {}
    for result in results:
        cell = found.setdefault((result["threshold"], result["rate"]), Cell([], 0, []))
        if diverged(result):
            found[result["threshold"], result["rate"]] = cell._replace(diverged=cell.diverged + 1)
        else:
            cell.best.append(min(result["losses"]))
            cell.clipped.append(result["clipped"])
    return found


def print_report(results: Sequence[Result]) -> None:
    """Print the grid, the conclusions, and the published figures."""
    cells = grid(results)
    seconds = sum(result["seconds"] for result in results)
    print(
        f"{len(results)} trainings, {seconds / 60:.0f} minutes in all. Validation loss, nats per character. {SPREAD}\n"
    )
    print(table(cells))
    print("", *conclusions(cells), "", PROTOCOL, "", sep="\n")
    print(markdown(["bits per character", "SGD, .001", "SGD+C, .01", "SGD+CR, .01"], PUBLISHED))


def table(cells: Grid) -> str:
    """A row for each rate, a column for each threshold, and the n-gram in the last row."""
    thresholds = sorted({threshold for threshold, _ in cells}, key=lambda t: -(t or math.inf))
    rows = [
        [f"{rate:g}", *(_format_cell(cells.get((threshold, rate))) for threshold in thresholds)]
        for rate in sorted({rate for _, rate in cells})
    ]
    rows.append(["7-gram", f"{NGRAM}", *["" for _ in thresholds[1:]]])
    return markdown(["rate", *map(_threshold_name, thresholds)], rows)


def _format_cell(cell: Cell | None) -> str:
    if cell is None:
        return NONE
    share = f"{cell.diverged} of {cell.diverged + len(cell.best)} diverged"
    return "; ".join(filter(None, [mean_and_spread(cell.best) if cell.best else "", share if cell.diverged else ""]))


def _threshold_name(threshold: float | None) -> str:
    return "no clipping" if threshold is None else f"norm at most {threshold:g}"


def conclusions(cells: Grid) -> list[str]:
    """A line for each threshold: its usable rates, the best one, its gain and where that comes from; and the paper's settings."""
    thresholds = sorted({threshold for threshold, _ in cells}, key=lambda t: -(t or math.inf))
    lines = [_conclusion(cells, threshold) for threshold in thresholds]
    theirs = [
        f"{rate:g} {_threshold_name(threshold)}: {_format_cell(cells.get((threshold, rate)))}"
        for rate in THEIR_RATES
        for threshold in (None, THEIR_THRESHOLD)
    ]
    return [*lines, f"- their rates and threshold: {'; '.join(theirs)}"]


def _conclusion(cells: Grid, threshold: float | None) -> str:
    best = _best_rate(cells, threshold)
    if best is None:
        return f"- {_threshold_name(threshold)}: no usable rate"
    cell, highest = cells[threshold, best], _highest_usable(cells, threshold)
    clipped = f" ({statistics.fmean(cell.clipped):.1%} of updates clipped)" if threshold else ""
    gain = _gain(cells, threshold, best)
    return f"- {_threshold_name(threshold)}: usable up to {highest:g}; best {cell.loss:.4f} at {best:g}{clipped}{gain}"


def _best_rate(cells: Grid, threshold: float | None) -> float | None:
    """The usable rate with the lowest loss."""
    usable = {rate: cell.loss for (t, rate), cell in cells.items() if t == threshold and cell.usable}
    return min(usable, key=usable.__getitem__, default=None)


def _highest_usable(cells: Grid, threshold: float | None) -> float:
    """The highest rate at and below which no seed diverged."""
    rates = sorted(rate for t, rate in cells if t == threshold)
    return max(itertools.takewhile(lambda rate: cells[threshold, rate].usable, rates), default=math.nan)


def _gain(cells: Grid, threshold: float | None, rate: float) -> str:
    """The gain over the best result without clipping: the part of clipping at that rate, and the part of the higher rate."""
    base = _best_rate(cells, None)
    if threshold is None or base is None or (threshold, base) not in cells:
        return ""
    clipping = cells[None, base].loss - cells[threshold, base].loss
    higher = cells[threshold, base].loss - cells[threshold, rate].loss
    return f", {clipping + higher:+.4f} lower: {clipping:+.4f} by clipping at {base:g}, {higher:+.4f} by the rate from there"
