"""What `view` reads, tells and writes."""

from collections.abc import Sequence
from pathlib import Path

from charrnn.cli.display import printable, tell
from charrnn.cli.outputs import written
from charrnn.cli.page import page
from charrnn.errors import TextError
from charrnn.runs import inspection, passages, units
from charrnn.runs.model import Model
from charrnn.runs.passages import Block
from charrnn.text.encodings import Encodings
from charrnn.text.features import features


def write(
    model: Model,
    name: str,
    sources: Sequence[str],
    said: Encodings,
    out: Path,
    length: int,
    count: int,
    first: str | None,
) -> None:
    """Read the sources, which are in the encodings `said`, judge the units, write the page, whose title has the `name`; it
    opens with the unit `first`.

    Raises NetworkError for a unit that there is not, before the text is read; TextError, RunError and OutputError.
    """
    opened = [units.parse(first, model.saved.network.workspace(1, 1).activations)] if first is not None else []
    first_end = int(model.vocabulary.end_id is not None)  # a list of documents begins with an end, which is not shown
    block, more, notes = _shown(model, sources, said, length + first_end)
    made = inspection.inspect(model.saved.network, model.vocabulary, block)
    judged = units.follow(features(made.text), made.activations)
    chosen = judged.chosen(count, opened)
    content = page(made, model.vocabulary, chosen, printable(name), *opened).encode()
    with written(out) as file:
        file.write(content)
    for note in (*model.notes, *notes):
        tell(note)
    if more:
        tell(f"the text goes on; shown are its first {length:,}: --length shows more")
    if unknown := int(made.unknown.sum()):
        tell(f"unknown to the model, and marked: {unknown:,} character{'s' if unknown > 1 else ''}")
    for feature in judged.features:
        unit, r = judged.best(feature)
        tell(f"{feature}: {unit.name} follows it best, r = {r:+.2f}")
    characters = f"{len(made.characters):,} character{'s' if len(made.characters) > 1 else ''}"
    tell(f"{characters}, {len(chosen.units)} units, {len(content) / 1e6:.2f} MB")


def _shown(model: Model, sources: Sequence[str], said: Encodings, length: int) -> tuple[Block, bool, tuple[str, ...]]:
    """The beginning of a text, or of the validation split, whether it goes on, and what is to be said of how it was read."""
    if not sources:
        return (*_of_validation(model, length), ())
    opened = model.opened(sources, said)
    return (*passages.beginning(model.blocks(opened), length), opened.notes)


def _of_validation(model: Model, length: int) -> tuple[Block, bool]:
    corpus = model.training_text.corpus
    slices = corpus.slices("valid")
    if not slices.size:
        raise TextError("the run's text has no validation split to show; name a text")
    return passages.of_ids(slices[0, :length], corpus.vocabulary), slices.shape[1] > length
