"""Reads a text, and writes the page of `view`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from charrnn.cli.output.files import open_output
from charrnn.cli.page.page import count, page
from charrnn.errors import TextError
from charrnn.models import encoded_text
from charrnn.models.encoded_text import Block
from charrnn.models.inspection import activations, units
from charrnn.models.inspection.text_features import features
from charrnn.models.model import Model
from charrnn.models.scoring.unknown_characters import count_unknown, describe_unknown
from charrnn.text.characters.printable import printable_line
from charrnn.text.characters.unit_names import amount
from charrnn.text.reading.encodings import Encodings
from charrnn.words import plural


@dataclass(frozen=True)
class ShownText:
    """The beginning of a text, whether the text goes on, the names of its files, and notes about it."""

    block: Block
    has_more: bool
    files: Sequence[str]
    notes: Sequence[str] = ()


def write(
    model: Model,
    name: str,
    sources: Sequence[str],
    encodings: Encodings,
    out: Path,
    replace: bool,
    length: int,
    max_units: int,
    first: str | None,
) -> list[str]:
    """Write the page `out`, titled `name`, of a model that reads the first `length` characters of the sources.

    `encodings` are those of the sources; without sources it reads the validation split. The page has the `max_units`
    units that follow the text best, and opens with the unit `first`. Returns notes for the user. Raises NetworkError
    for a unit that does not exist, before the text is read; TextError, RunError and OutputError.
    """
    vocabulary, network = model.vocabulary, model.saved.network
    opened = [units.parse(first, network.workspace(1, 1).activations)] if first is not None else []
    shown = _read(model, sources, encodings, length) if sources else _read_validation(model, length)
    model.on_stage("following every unit")
    made = activations.inspect(network, vocabulary, shown.block)
    judged = units.correlate(features(made.text), made.activations)
    chosen = judged.select(max_units, opened)
    content = page(made, vocabulary, chosen, printable_line(name), *opened, files=shown.files).encode()
    with open_output(out, replace) as file:
        file.write(content)
    notes = [*model.notes, *shown.notes]
    if shown.has_more:
        notes.append(f"showing the first {amount(length, vocabulary.unit)}; --length N for more")
    if unknown := int(made.unknown.sum()):
        which = describe_unknown(count_unknown(shown.block))
        notes.append(f"unknown to the model (marked): {amount(unknown, 'char')}: {which}")
    for feature in judged.features:
        unit, r = judged.strongest(feature)
        notes.append(f"{feature}: {unit.name} follows it best, r = {r:+.2f}")
    shown_units = plural(len(chosen.units), "unit")
    return [*notes, f"{count(made, vocabulary)}, {shown_units}, {len(content) / 1e6:.2f} MB"]


def _read(model: Model, sources: Sequence[str], encodings: Encodings, length: int) -> ShownText:
    given = model.read(sources, encodings, once=True)
    block, more = encoded_text.take(given.blocks(), length)
    return ShownText(block, more, given.files, given.notes)


def _read_validation(model: Model, length: int) -> ShownText:
    text, corpus = model.training_text, model.training_text.corpus
    slices = corpus.slices("valid")
    if not slices.size:
        raise TextError("the training text has no validation split to show; name a text")
    ids = slices[0, : length + 2]  # one more than is shown, and perhaps a document's end before it
    unseen = int(corpus.vocabulary.end_id is not None)
    starts = text.starts(corpus.cuts.bounds[1] + unseen, len(ids) - unseen)
    block, more = encoded_text.take([encoded_text.from_ids(ids, corpus.vocabulary, starts)], length)
    return ShownText(block, more, text.text.files)
