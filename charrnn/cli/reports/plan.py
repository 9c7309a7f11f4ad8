"""The report of a dry run: the configuration of a training, and what it would take."""

from typing import Any

from charrnn.cli.output.console import result_console, write_json
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.tables import Name, Table
from charrnn.config import sizing
from charrnn.config.resolve import ResolvedConfig, flatten
from charrnn.runs.planning import memory_estimate
from charrnn.runs.planning.plan import Plan
from charrnn.text.characters.printable import json_text
from charrnn.text.characters.unit_names import unit_name


def show_plan(plan: Plan, resolved: ResolvedConfig, json: bool) -> None:
    """Print the resolved configuration, the origin of each value, and what the training would take; or JSON."""
    unit = plan.corpus.vocabulary.unit
    of_bytes = {"bytes": len(plan.corpus.ids)} if unit == "byte" else {}
    text: dict[str, Any] = {
        "sources": list(plan.sources),
        "unit": unit,
        "characters": len(plan.corpus.ids),
        **of_bytes,
        "vocabulary": len(plan.corpus.vocabulary),
        "splits": {name: len(plan.corpus.split(name)) for name in ("train", "valid", "test")},
    }
    sizes = {
        "parameters": plan.parameters,
        "memory": memory_estimate.estimate_memory(plan),
        "windows_per_epoch": plan.windows_per_epoch,
        "steps": plan.steps,
    }
    if json:
        origins = {key: _origin(resolved, key, value) for key, value in flatten(plan.config)}
        write_json(
            {
                "config": plan.config.model_dump(mode="json"),
                "origins": origins,
                "text": text,
                **sizes,
                "notes": plan.notes,
                "files": {source: files.as_json() for source, files in plan.files.items()},
            }
        )
        return
    table = Table(Name("key"), Name("value"), Name("from"))
    for key, value in flatten(plan.config):
        table.add_row(key, json_text(value), _origin(resolved, key, value))
    console = result_console()
    table.show(console)
    splits = ", ".join(f"{name} {size:,}" for name, size in text["splits"].items())
    different = "" if unit == "byte" else f", {text['vocabulary']:,} different"
    for line in (
        f"text: {', '.join(plan.sources)}",
        f"{unit_name(unit)}: {text['characters']:,} ({splits}){different}",
        f"parameters: {plan.parameters:,}",
        f"memory: {sizes['memory'] / 1e6:,.0f} MB of arrays",
        f"steps: {plan.steps:,}, {plan.windows_per_epoch:,} windows per epoch",
        *plan.notes,
        *(line for source, files in plan.files.items() for line in files.listing(source)),
    ):
        console.print(mark_unsafe_line(line), soft_wrap=True)


def _origin(resolved: ResolvedConfig, key: str, value: Any) -> str:
    """Where a value came from: a file, an option, or a choice for this text and machine."""
    asked = dict(flatten(resolved.config))[key]
    if asked is None and key in sizing.KEYS:
        return "chosen for the text's length"
    return resolved.origin(key) if asked == value else "chosen for this text and machine"
