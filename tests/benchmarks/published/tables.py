"""How results are told: means over seeds with their spread, in Markdown."""

import statistics
from collections.abc import Iterable, Sequence

NONE = "-"
SPREAD = "± is half of the range over the seeds."


def mean_and_spread(values: Sequence[float]) -> str:
    """The mean of losses ± half of their range; of one loss, the loss; of none, a dash."""
    if not values:
        return NONE
    mean = f"{statistics.fmean(values):.4f}"
    return mean if len(values) == 1 else f"{mean} ± {(max(values) - min(values)) / 2:.4f}"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
