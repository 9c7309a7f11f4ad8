"""The report of an evaluation."""

import math
from dataclasses import asdict

from rich.text import Text

from charrnn.cli.output.console import print_note, result_console, write_json
from charrnn.cli.output.tables import Name, Table
from charrnn.models.evaluation.evaluation import Evaluation
from charrnn.models.model import Model
from charrnn.models.scoring.unknown_characters import describe_unknown
from charrnn.text.characters.unit_names import amount
from charrnn.training.events import bits, digits


def show(found: Evaluation, model: Model, json: bool) -> None:
    """Print a table of the model, its components and the baselines; or JSON."""
    print_note(*model.notes, *found.notes)
    if json:
        perplexity = found.perplexity if math.isfinite(found.perplexity) else None  # JSON has no infinity
        write_json({**asdict(found), "perplexity": perplexity})
        return
    console = result_console()
    console.print(Text(_headline(found)), soft_wrap=True)
    per = " per byte" if found.unit == "byte" else ""
    table = Table(Name(""), f"nats{per}", f"bits{per}", "95 %, nats")
    interval = " to ".join(map(digits, found.interval)) if found.interval else "too short"
    table.add_row(_name(found, model), *_loss(found.loss), interval, style="bold")
    if found.static is not None:
        table.add_row("  the same without --dynamic", *_loss(found.static), "")
    for part in found.members:
        table.add_row(f"  {part.weight:.3f} x {part.name}, alone", *_loss(part.loss), "")
    names = {"ngram": f"{found.ngram_order}-gram (Kneser-Ney)", "xz": "xz -9e"}
    for name, loss in asdict(found.baselines).items():
        if loss is not None:
            table.add_row(names.get(name, name), *_loss(loss), "")
    table.show(console)
    console.print(Text(_also(found)), soft_wrap=True)
    if found.gain is not None:
        less = "below" if found.gain >= 0 else "above"
        console.print(
            Text(f"{digits(abs(found.gain))} nats {less} the n-gram{_within(found.gain_interval, found.gain)}"),
            style="green" if found.gain >= 0 else "yellow",
            soft_wrap=True,
        )


def _headline(found: Evaluation) -> str:
    where = "the text" if found.split is None else f"split {found.split}, protocol {found.protocol}"
    unknown = f", {found.unknown:,} of them unknown to the model: " if found.unknown else ""
    which = describe_unknown(found.unknown_characters)
    of_bytes = f", {amount(found.read, 'byte')}" if found.unit == "byte" else ""
    read = f"{amount(found.characters_read, 'char')}{of_bytes}"
    predicted = f"; {found.characters:,} predicted" if found.characters != found.read else ""
    return f"{where}: {read}{predicted}{unknown}{which}"


def _also(found: Evaluation) -> str:
    """The same loss in other units. A byte model's bits are per byte already."""
    if found.unit == "byte":
        return f"{digits(found.bits_per_character)} bits per character, perplexity {digits(found.perplexity)} per byte"
    return f"{digits(found.bits_per_byte)} bits per byte, perplexity {digits(found.perplexity)}"


def _name(found: Evaluation, model: Model) -> str:
    dynamic = "" if found.dynamic is None else f", dynamic ({found.dynamic:g})"
    return (f"mixture of {len(found.members)}" if found.members else model.components[0].name) + dynamic


def _loss(nats: float) -> tuple[str, str]:
    return digits(nats), digits(bits(nats))


def _within(interval: tuple[float, float] | None, gain: float) -> str:
    """The interval of a gain, or of a loss if the gain is negative."""
    if interval is None:
        return ""
    low, high = interval if gain >= 0 else (-interval[1], -interval[0])
    return f" (95 %: {digits(low)} to {digits(high)})"
