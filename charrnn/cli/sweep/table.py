"""The trainings of a sweep, the best first, as a table or as JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.tables import Name, Table
from charrnn.config.typed_values import as_text
from charrnn.runs.storage.status import RunStatus
from charrnn.sweeps.jobs import JobResult
from charrnn.sweeps.run_names import short_keys
from charrnn.text.characters.unit_names import NAMES, Unit, bits_label
from charrnn.training.events import bits, digits

STYLES = {"done": "green", "stopped": "yellow", "waiting": "yellow"}


@dataclass(frozen=True)
class Row:
    """A training of a sweep: what varies, and what it found."""

    run: Path
    values: Mapping[str, Any]
    result: JobResult
    outcome: RunStatus

    @property
    def is_done(self) -> bool:
        """Whether it ran to its end, so that its loss counts."""
        return self.result.state == "done"


def sort_rows(rows: Sequence[Row]) -> list[Row]:
    """The finished ones by their validation loss, which some may lack; then the others, in the order given."""

    def order(row: Row) -> tuple[bool, float]:
        loss = row.outcome.best_loss
        return not row.is_done, math.inf if loss is None or not row.is_done else loss

    return sorted(rows, key=order)


def best(rows: Sequence[Row]) -> Row | None:
    """The one with the lowest validation loss; without any validation, the first that finished."""
    return next((row for row in sort_rows(rows) if row.is_done), None)


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One object for each training, the best first; losses are in nats per character, or per byte."""
    return [_object(row, rank) for rank, row in enumerate(sort_rows(rows), start=1)]


def _object(row: Row, rank: int) -> dict[str, Any]:
    loss, unit = row.outcome.best_loss, row.outcome.unit
    bpc = None if loss is None else bits(loss)
    return {
        "rank": rank if row.is_done else None,
        "run": str(row.run),
        "values": dict(row.values),
        "state": row.result.state,
        "best_loss": loss,
        "bpc": bpc,
        **({"bits_per_byte": bpc} if unit == "byte" else {}),
        "unit": unit,
        "step": row.outcome.step,
        "seconds": row.outcome.seconds,
        "error": row.result.error,
    }


def units(rows: Sequence[Row]) -> list[Unit]:
    """The units of the losses; with two of them the losses cannot be compared."""
    found = {row.outcome.unit for row in rows if row.outcome.best_loss is not None}
    return [unit for unit in NAMES if unit in found]


def table(rows: Sequence[Row]) -> Table:
    """One row for each training, the best first."""
    of_bits = " or ".join(bits_label(unit) for unit in units(rows)) or "bpc"
    keys = map(Name, short_keys(list(rows[0].values)))
    made = Table("rank", *keys, "best loss", of_bits, "at step", "seconds", Name("state"))
    for rank, row in enumerate(sort_rows(rows), start=1):
        found = row.outcome
        loss = ("", "") if found.best_loss is None else (digits(found.best_loss), digits(bits(found.best_loss), 3))
        state = f"failed: {row.result.reason}" if row.result.state == "failed" else row.result.state
        made.add_row(
            str(rank) if row.is_done else "",
            *map(as_text, row.values.values()),
            *loss,
            "" if found.step is None else f"{found.step:,}",
            f"{found.seconds:.1f}" if found.seconds else "",
            mark_unsafe_line(state, STYLES.get(row.result.state, "red")),
        )
    return made
