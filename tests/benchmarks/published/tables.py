"""Format results: means over seeds with their spread, and Markdown tables."""

import statistics
from collections.abc import Iterable, Sequence

NONE = "-"
SPREAD = "± is half of the range over the seeds."


def mean_and_spread(values: Sequence[float]) -> str:
    """The mean ± half of the range; a single value alone; a dash for no values."""
    if not values:
        return NONE
    mean = f"{statistics.fmean(values):.4f}"
    return mean if len(values) == 1 else f"{mean} ± {(max(values) - min(values)) / 2:.4f}"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
