"""The list of runs."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from charrnn.cli.output.console import print_note, result_console, write_json
from charrnn.cli.output.tables import Name, Table
from charrnn.durations import duration
from charrnn.runs.catalogue import RunSummary
from charrnn.training.events import digits

STYLES = {"running": "green", "diverged": "red", "damaged": "red", "stopped": "yellow", "finished": ""}
JUST_NOW = 10  # seconds
DATED = 30 * 86_400  # seconds: what is older has its date


def show(runs: Sequence[RunSummary], folder: Path, json: bool) -> None:
    """Print a table of the runs, and a line for each damaged one; or JSON."""
    if json:
        write_json([as_json(run) for run in runs])
        return
    if not runs:
        print_note(f"{folder}: no runs yet; to begin one type: charrnn train TEXT")
        return
    console, now = result_console(), time.time()
    table = Table(*map(Name, ("run", "text", "network")), "step", "loss", "n-gram", *map(Name, ("when", "state")))
    for run in runs:
        losses = (loss_in_words(loss, run.unit) for loss in (run.best_loss, run.ngram_loss))
        table.add_row(
            run.name,
            run.text,
            network_in_words(run),
            steps_in_words(run),
            *losses,
            time_in_words(run.changed, now),
            run.state,
            style=STYLES[run.state],
        )
    table.show(console)
    print_note(*(run.problem for run in runs if run.problem))


def as_json(run: RunSummary) -> dict[str, Any]:
    """A run as an object of `--json`."""
    changed = datetime.fromtimestamp(run.changed, UTC).isoformat(timespec="seconds")
    return {**asdict(run), "path": str(run.path), "changed": changed}


def network_in_words(run: RunSummary) -> str:
    """For example `gru 2 x 256`."""
    if run.hidden_size is None:
        return ""
    layers = f"{run.num_layers} x " if run.num_layers != 1 else ""
    return f"{run.cell} {layers}{run.hidden_size}"


def steps_in_words(run: RunSummary) -> str:
    """For example `500 of 2,000`."""
    if run.step is None:
        return ""
    return f"{run.step:,}" if run.steps is None else f"{run.step:,} of {run.steps:,}"


def loss_in_words(loss: float | None, unit: str) -> str:
    """A loss in nats, of a byte model with its unit."""
    return "" if loss is None else digits(loss) + (" per byte" if unit == "byte" else "")


def time_in_words(when: float, now: float) -> str:
    """How long ago it was, or the date of what is older; both times in seconds since 1970.

    >>> time_in_words(1000, 1003), time_in_words(1000, 1300)
    ('just now', '5 minutes ago')
    """
    ago = now - when
    if not 0 <= ago < DATED:
        return time.strftime("%Y-%m-%d", time.localtime(when))
    return "just now" if ago < JUST_NOW else f"{duration(ago)} ago"
