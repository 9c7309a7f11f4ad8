"""What a gradient check covered: how many entries, with which settings, and what it left out."""

import math
from collections.abc import Iterator

from charrnn.config.typed_values import as_text
from charrnn.diagnostics.gradcheck.gradcheck import Report, by_parameter


def coverage(report: Report) -> str | None:
    """How many of the entries were checked, and how to repeat that; None if all were."""
    if report.entries is None:
        return None
    parameters = [rows[0] for rows in by_parameter(report.checks).values()]
    checked, there = sum(row.entries for row in parameters), sum(math.prod(row.shape) for row in parameters)
    return (
        f"{checked:,} of {there:,} entries checked, at most {report.entries:,} of each parameter; "
        f"the same again: --entries {report.entries} --seed {report.seed}"
    )


def notes(report: Report) -> Iterator[str]:
    """The lines below the table."""
    if line := coverage(report):
        yield line
    if report.checked_with:
        yield f"checked with: {', '.join(f'{key} {_shown(value)}' for key, value in report.checked_with.items())}"
    if report.not_checked:
        left = (f"{found.key} {_shown(found.value)} ({found.why})" for found in report.not_checked)
        yield f"not checked: {', '.join(left)}"


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else as_text(value)
