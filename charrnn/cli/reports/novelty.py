"""How much of the samples is in the training text: a table on stdout below them, or fields of their JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from charrnn.cli.output.console import result_console
from charrnn.cli.output.tables import Name, Table
from charrnn.generation.novelty.novelty import HELD_OUT_SPLITS, Novelty, SharedRun
from charrnn.generation.samples import Seed
from charrnn.models.training_text import TrainingText
from charrnn.text.characters.graphemes import first_graphemes
from charrnn.text.characters.printable import json_text, printable
from charrnn.text.characters.unit_names import amount, unit_name

MAX_QUOTED_CHARS = 80  # characters of a run
HELD_OUT = "held-out text"


def show_novelty(found: Novelty, seeds: Sequence[Seed], text: TrainingText) -> None:
    """Print a row of shares for each sample and for the held-out text, and the longest run of each."""
    unit = text.corpus.vocabulary.unit
    rows = [(f"sample, seed {seed}", overlap) for seed, overlap in zip(seeds, found.samples, strict=True)]
    if found.held_out:
        rows.append((HELD_OUT, found.held_out))
    table = Table(Name(f"{unit_name(unit)} in runs of"), *(f"{length:,}+" for length in found.lengths), "longest")
    for name, overlap in rows:
        table.add_row(name, *(f"{share:.1%}" for share in overlap.curve.values()), f"{overlap.longest.length:,}")
    console = result_console()
    console.print()
    table.show(console)
    for name, overlap in rows:
        console.print(Text(printable(f"{name}: {_longest(overlap.longest, text, name == HELD_OUT)}")), soft_wrap=True)
    if not found.held_out:
        console.print(
            Text("no held-out text to compare with: data.split leaves nothing for valid and test"), soft_wrap=True
        )


def as_fields(found: Novelty, text: TrainingText) -> list[dict[str, Any]]:
    """The fields for the JSON of each sample; `place` is where the longest run is in the training text, or None."""
    held_out = found.held_out and found.held_out.curve
    every = []
    for overlap in found.samples:
        longest = overlap.longest
        place = asdict(text.place(["train"], longest.found_at)) if longest.length else None
        fields = {**asdict(overlap), "longest": {**asdict(longest), "place": place}, "held_out_curve": held_out}
        every.append({"novelty": fields})
    return every


def _longest(run: SharedRun, text: TrainingText, is_held_out: bool) -> str:
    if not run.length:
        return "nothing of it is in the training text"
    unit, there = text.corpus.vocabulary.unit, text.place(["train"], run.found_at)
    # Held-out text has a place in the files; a sample has only its own characters.
    here = (
        str(text.place(HELD_OUT_SPLITS, run.position)) if is_held_out else f"{unit_name(unit, 1)} {run.position + 1:,}"
    )
    return f"the {amount(run.length, unit)} from {here} on are also in the training text, from {there} on: {_quote(run.text)}"


def _quote(text: str) -> str:
    """The beginning of a run, in one line."""
    return json_text(first_graphemes(text, MAX_QUOTED_CHARS)) + ("..." if len(text) > MAX_QUOTED_CHARS else "")
