"""The report of a dry run: the configuration of a training, and what it would take."""

from collections.abc import Mapping
from typing import Any

from charrnn.cli.output.console import result_console, write_json
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.tables import Name, Table
from charrnn.config import sizing
from charrnn.config.resolve import ResolvedConfig, flatten
from charrnn.durations import about
from charrnn.errors import CharrnnError
from charrnn.runs import time_budget
from charrnn.runs.planning import memory_estimate
from charrnn.runs.planning.plan import Plan
from charrnn.stages import OnStage
from charrnn.text.characters.printable import json_text
from charrnn.text.characters.unit_names import amount, unit_name
from charrnn.words import epochs, plural


def measure_seconds(plan: Plan, on_stage: OnStage) -> float | None:
    """About how many seconds the training would take here; None if that cannot be measured."""
    try:
        return time_budget.training_seconds(plan, on_stage)
    except CharrnnError:  # it diverges, or nothing can be written here; the plan can be shown
        return None


def show_plan(plan: Plan, resolved: ResolvedConfig, seconds: float | None, json: bool) -> None:
    """Print what the training would take, then the resolved configuration and the origin of each value; or JSON."""
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
    memory = memory_estimate.estimate_memory(plan)
    sizes = {
        "parameters": plan.parameters,
        "memory": memory,
        "windows_per_epoch": plan.windows_per_epoch,
        "steps": plan.steps,
        "seconds": seconds,
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
    console = result_console()
    for line in (*_summary(plan, text["splits"], memory, seconds), *plan.notes):
        console.print(mark_unsafe_line(line), soft_wrap=True)
    table = Table(Name("key"), Name("value"), Name("from"))
    for key, value in flatten(plan.config):
        table.add_row(key, json_text(value), _origin(resolved, key, value))
    table.show(console)
    for line in (line for source, files in plan.files.items() for line in files.listing(source)):
        console.print(mark_unsafe_line(line), soft_wrap=True)


def _summary(plan: Plan, splits: Mapping[str, int], memory: float, seconds: float | None) -> tuple[str, ...]:
    """The six lines that matter."""
    model, training, vocabulary = plan.config.model, plan.config.training, plan.corpus.vocabulary
    unit = vocabulary.unit
    parts = ", ".join(f"{name} {size:,}" for name, size in splits.items())
    different = (
        "" if unit == "byte" or plan.lineage else f", {len(vocabulary):,} different"
    )  # a note has those of a base
    layers = f"{model.num_layers} layers of " if model.num_layers > 1 else ""
    window = f"{plural(training.batch_size, 'stream')} x {amount(training.sequence_length, unit)}"
    passes = f"{epochs(plan.steps / plan.windows_per_epoch)} of {plural(plan.windows_per_epoch, 'window')}"
    return (
        f"text: {', '.join(plan.sources)}",
        f"{unit_name(unit)}: {len(plan.corpus.ids):,} ({parts}){different}",
        f"network: {model.cell}, {layers}{model.hidden_size:,} units, {plan.parameters:,} parameters",
        f"memory: {memory / 1e6:,.0f} MB of arrays",
        f"steps: {plan.steps:,} of {window}, {passes}",
        f"time: {'not measured' if seconds is None else f'{about(seconds)} here'}",
    )


def _origin(resolved: ResolvedConfig, key: str, value: Any) -> str:
    """Where a value came from: a file, an option, or a choice for this text and machine."""
    asked = dict(flatten(resolved.config))[key]
    if asked is None and key in sizing.KEYS:
        return "chosen for the text's length"
    return resolved.origin(key) if asked == value else "chosen for this text and machine"
