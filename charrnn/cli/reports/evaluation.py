"""The report of an evaluation."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from charrnn.cli.output.console import print_note, result_console, write_json
from charrnn.cli.output.tables import Name, Table
from charrnn.cli.reports.comparison import Training, compare, remedy
from charrnn.models.evaluation.evaluation import Evaluation
from charrnn.models.model import Model
from charrnn.models.scoring.unknown_characters import describe_unknown
from charrnn.runs.storage.directory import CONFIG
from charrnn.system.shell import shell_command
from charrnn.text.characters.unit_names import amount
from charrnn.training.events import bits, digits


def show(found: Evaluation, model: Model, json: bool, texts: Sequence[str] = ()) -> None:
    """Print a table of the model, its components and the baselines; or JSON. `texts`: what was read, as it was named."""
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
        line = compare(found.gain, found.gain_interval, found.loss, found.baselines.uniform)
        console.print(Text(line), style="green" if found.gain >= 0 else "yellow", soft_wrap=True)
        highest = found.gain_interval[1] if found.gain_interval else found.gain
        if highest < 0 and len(model.components) == 1:
            print_note(_remedy(found, model, texts))


def _remedy(found: Evaluation, model: Model, texts: Sequence[str]) -> str:
    """What would help a network that is worse than the n-gram on the text that it read."""
    path = Path(model.components[0].name)
    if found.split is not None:
        return remedy(Training.from_checkpoint(model.saved, path))
    named = [Path(text) for text in texts if text != "-"] or [Path("TEXT")]
    run = path.parent if (path.parent / CONFIG).is_file() else path
    return f"a training on a text like this one would help: {shell_command('charrnn train', *named, '--from', run)}"


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
