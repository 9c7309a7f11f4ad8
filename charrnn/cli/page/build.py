"""What `view` reads, tells and writes."""

from collections.abc import Sequence
from pathlib import Path

from charrnn.cli.output.console import print_note
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
from charrnn.text.characters.unit_names import counted
from charrnn.text.reading.encodings import Encodings


def write(
    model: Model,
    name: str,
    sources: Sequence[str],
    said: Encodings,
    out: Path,
    replace: bool,
    length: int,
    most: int,
    first: str | None,
) -> None:
    """Read the sources, which are in the encodings `said`, judge the units, write the page, whose title has the `name`; it
    opens with the unit `first`.

    Raises NetworkError for a unit that there is not, before the text is read; TextError, RunError and OutputError.
    """
    opened = [units.parse(first, model.saved.network.workspace(1, 1).activations)] if first is not None else []
    block, more, files, notes = _shown(model, sources, said, length)
    made = activations.inspect(model.saved.network, model.vocabulary, block)
    judged = units.correlate(features(made.text), made.activations)
    chosen = judged.select(most, opened)
    content = page(made, model.vocabulary, chosen, printable_line(name), *opened, files=files).encode()
    with open_output(out, replace) as file:
        file.write(content)
    for note in (*model.notes, *notes):
        print_note(note)
    if more:
        print_note(
            f"the text goes on; shown are its first {counted(length, model.vocabulary.unit)}: --length shows more"
        )
    if unknown := int(made.unknown.sum()):
        which = describe_unknown(count_unknown(block))
        print_note(f"unknown to the model, and marked: {counted(unknown, 'char')}: {which}")
    for feature in judged.features:
        unit, r = judged.strongest(feature)
        print_note(f"{feature}: {unit.name} follows it best, r = {r:+.2f}")
    print_note(f"{count(made, model.vocabulary)}, {len(chosen.units)} units, {len(content) / 1e6:.2f} MB")


def _shown(
    model: Model, sources: Sequence[str], said: Encodings, length: int
) -> tuple[Block, bool, Sequence[str], Sequence[str]]:
    """The beginning of a text, or of the validation split; whether it goes on; the names of its files; and what to say of it."""
    if not sources:
        return _of_validation(model, length)
    given = model.read(sources, said, once=True)
    block, more = encoded_text.take(given.blocks(), length)
    return block, more, given.files, given.notes


def _of_validation(model: Model, length: int) -> tuple[Block, bool, Sequence[str], Sequence[str]]:
    text, corpus = model.training_text, model.training_text.corpus
    slices = corpus.slices("valid")
    if not slices.size:
        raise TextError("the run's text has no validation split to show; name a text")
    ids = slices[0, : length + 2]  # one more than is shown, and perhaps the end before it
    unseen = int(corpus.vocabulary.end_id is not None)
    starts = text.starts(corpus.cuts.bounds[1] + unseen, len(ids) - unseen)
    block, more = encoded_text.take([encoded_text.from_ids(ids, corpus.vocabulary, starts)], length)
    return block, more, text.text.files, ()
