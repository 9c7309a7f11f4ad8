"""What `view` reads, tells and writes."""

import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from charrnn.cli.display import tell
from charrnn.cli.page import page
from charrnn.errors import RunError, TextError
from charrnn.runs import inspection, passages, units
from charrnn.runs.model import Model
from charrnn.runs.passages import Block
from charrnn.runs.writing import whole_file
from charrnn.text.features import features


def require_free(out: Path, force: bool) -> None:
    """Raises RunError where something bears the name, and neither --force nor a person at the terminal says to replace it."""
    if out.is_dir():
        raise RunError(f"{out}: is a folder; name a file with --out")
    if force or not (out.exists() or out.is_symlink()):
        return
    if not (sys.stdin.isatty() and typer.confirm(f"{out} exists; replace it?", err=True)):
        raise RunError(f"{out}: exists already; --force replaces it, --out names another")


def write(
    model: Model, name: str, sources: Sequence[str], out: Path, length: int, count: int, first: str | None
) -> None:
    """Read, judge the units, write the page, whose title has the `name`. Raises TextError, RunError and NetworkError."""
    block, more = _shown(model, sources, length)
    made = inspection.inspect(model.saved.network, model.vocabulary, block)
    opened = [units.parse(first, made.activations)] if first is not None else []
    judged = units.follow(features(made.text), made.activations)
    content = page(made, model.vocabulary, judged.chosen(count, opened), name, *opened).encode()
    try:
        with whole_file(out) as file:
            file.write(content)
    except OSError as error:
        raise RunError(f"{out}: cannot be written: {error.strerror or error}") from None
    for note in model.notes:
        tell(note)
    if more:
        tell(f"the text goes on; shown are its first {length:,}: --length shows more")
    if unknown := int(made.unknown.sum()):
        tell(f"{unknown:,} characters are unknown to the model, and marked")
    for feature in judged.features:
        unit, r = judged.best(feature)
        tell(f"{feature}: {unit.name} follows it best, r = {r:+.2f}")
    tell(f"{len(made.characters):,} characters, {min(count, len(judged.units))} units, {len(content) / 1e6:.2f} MB")


def _shown(model: Model, sources: Sequence[str], length: int) -> tuple[Block, bool]:
    """The beginning of a text, or of the validation split, and whether it goes on."""
    if not sources:
        return _of_validation(model, length)
    return passages.beginning(model.blocks(model.opened(sources)), length)


def _of_validation(model: Model, length: int) -> tuple[Block, bool]:
    corpus = model.training_text.corpus
    slices = corpus.slices("valid")
    if not slices.size:
        raise TextError("the run's text has no validation split to show; name a text")
    return passages.of_ids(slices[0, :length], corpus.vocabulary), slices.shape[1] > length
