"""How much of the samples stands in the training text: a table on stdout below them, or fields of their JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from charrnn.cli.display import stdout
from charrnn.cli.tables import Name, Table
from charrnn.generation.novelty import Novelty, SharedRun
from charrnn.generation.samples import Seed
from charrnn.text.graphemes import beginning
from charrnn.text.printable import json_text
from charrnn.text.vocabulary import Unit

SHOWN = 80  # characters of a run


def show_novelty(found: Novelty, seeds: Sequence[Seed], unit: Unit) -> None:
    """A row of shares for each sample and for the held-out text, and the longest run of each."""
    units = "bytes" if unit == "byte" else "characters"
    rows = [(f"sample, seed {seed}", overlap) for seed, overlap in zip(seeds, found.samples, strict=True)]
    if found.held_out:
        rows.append(("held-out text", found.held_out))
    table = Table(Name(f"{units} in runs of"), *(f"{length:,}+" for length in found.lengths), "longest")
    for name, overlap in rows:
        table.add_row(name, *(f"{share:.1%}" for share in overlap.curve.values()), f"{overlap.longest.length:,}")
    console = stdout()
    console.print()
    table.show(console)
    for name, overlap in rows:
        console.print(Text(f"{name}: {_longest(overlap.longest, units)}"), soft_wrap=True)
    if not found.held_out:
        console.print(Text("no held-out text beside them: data.split leaves nothing to valid and test"), soft_wrap=True)


def as_fields(found: Novelty) -> list[dict[str, Any]]:
    """What the JSON of each sample gets."""
    held_out = found.held_out and found.held_out.curve
    return [{"novelty": {**asdict(overlap), "held_out_curve": held_out}} for overlap in found.samples]


def _longest(run: SharedRun, units: str) -> str:
    if not run.length:
        return "nothing of it stands in the training text"
    text = json_text(beginning(run.text, SHOWN)) + ("..." if len(run.text) > SHOWN else "")
    return f"{run.length:,} {units} from {run.position:,} on are those of the training text from {run.found_at:,} on: {text}"
