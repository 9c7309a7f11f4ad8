"""The text that a run records: a checkpoint has only its location and its SHA-256, so it is read again from there."""

import glob
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from charrnn.config.data import Data
from charrnn.config.schema import Config
from charrnn.errors import RunError, TextError
from charrnn.package import BUILTIN
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.checkpoint_record import MAX_RECORD_CHARS, require_storable
from charrnn.runs.storage.text_place import moved_sources, text_name
from charrnn.stages import OnStage, ignore_stage
from charrnn.text import corpus as corpora
from charrnn.text import source_text
from charrnn.text.characters.unit_names import amount
from charrnn.text.corpus import Corpus
from charrnn.text.reading import recorded_sources
from charrnn.text.reading.encodings import Encodings
from charrnn.text.reading.source_reader import SourceReader
from charrnn.text.source_text import SourceText
from charrnn.words import parameter, shell_command, shell_word

GROWN = 1 << 20  # characters read beyond the old length, so that a message can say how long a longer text is
MAX_SOURCES_CHARS = MAX_RECORD_CHARS // 2  # characters


def require_storable_sources(sources: Sequence[str]) -> None:
    """Raises RunError for names that a run cannot record: its record is JSON in UTF-8, and of limited length."""
    for source in sources:
        require_storable(source, "rename it, or pass its text by standard input (-)")
    if sum(map(len, sources)) > MAX_SOURCES_CHARS:
        raise RunError(f"{len(sources):,} texts are too many to record; name their folder, or a pattern in quotes")


def absolute_source(source: str) -> str:
    """The name by which a source is found from any folder."""
    if source == "-" or source.startswith(BUILTIN) or os.path.isabs(source):
        return source
    if glob.has_magic(source) and not os.path.exists(source):  # abspath would take **/.. for nothing
        return os.path.join(os.getcwd(), source)
    return os.path.abspath(source)


def reading(sources: Sequence[str]) -> str:
    """The stage of reading these sources.

    >>> reading(["letters/1890.txt"]), reading(["-"]), reading(["a.txt", "b.txt", "c.txt"])
    ('reading 1890.txt', 'reading standard input', 'reading a.txt and 2 more')
    """
    first = "standard input" if sources[0] == "-" else os.path.basename(os.path.abspath(sources[0]))
    return f"reading {first}" + (f" and {len(sources) - 1:,} more" if len(sources) > 1 else "")


def read_text(
    sources: Sequence[str],
    data: Data,
    encodings: Encodings | None = None,
    max_chars: int | None = None,
    on_stage: OnStage = ignore_stage,
) -> SourceText:
    """Read at most `max_chars` characters of the sources, as `data` says, or in these `encodings`: another text than
    that of the training, in its own order; for a model of a column, a text that is not a table, too. Raises TextError.
    """
    on_stage(reading(sources))
    options = data.unit, _encodings(data, encodings), data.max_expansion, data.boundary, max_chars
    return source_text.read_text(sources, *options, field=data.field, with_plain=True)


def read_training_text(
    sources: Sequence[str],
    config: Config,
    encodings: Encodings | None = None,
    max_chars: int | None = None,
    on_stage: OnStage = ignore_stage,
) -> SourceText:
    """The same for the text of a training: its documents or files are shuffled, if the configuration says so."""
    on_stage(reading(sources))
    data = config.data
    options = data.unit, _encodings(data, encodings), data.max_expansion, data.boundary, max_chars
    return source_text.read_text(sources, *options, shuffle_seed=config.shuffle_seed, field=data.field)


def read_once(sources: Sequence[str], data: Data, encodings: Encodings | None = None) -> SourceReader:
    """The same for a single pass over its pieces, as they arrive. Raises TextError."""
    return SourceReader(sources, data.unit, _encodings(data, encodings), data.max_expansion, once=True)


def _encodings(data: Data, encodings: Encodings | None) -> Encodings:
    """The encodings of the sources; those of the training text are likely for other texts, too."""
    return replace(encodings, likely=data.encodings.names) if encodings else data.encodings


def load_corpus(
    saved: Checkpoint,
    sources: Sequence[str] = (),
    hint: str | None = None,
    encoding: Sequence[str] = (),
    on_stage: OnStage = ignore_stage,
) -> Corpus:
    """The text that a run was trained on, encoded and split as it was then. See `find_text`."""
    return find_corpus(saved, sources, hint, encoding, on_stage)[1]


def find_corpus(
    saved: Checkpoint,
    sources: Sequence[str] = (),
    hint: str | None = None,
    encoding: Sequence[str] = (),
    on_stage: OnStage = ignore_stage,
) -> tuple[tuple[str, ...], Corpus]:
    """The same, and the sources that it was read from."""
    found, text = find_text(saved, sources, hint, encoding, on_stage)
    return found, corpora.build(text, saved.vocabulary, saved.config.data.make_split())


def find_text(
    saved: Checkpoint,
    sources: Sequence[str] = (),
    hint: str | None = None,
    encoding: Sequence[str] = (),
    on_stage: OnStage = ignore_stage,
) -> tuple[tuple[str, ...], SourceText]:
    """The text that a run was trained on, and the sources that it was read from: those named, or else those where it
    moved together with its run directory, or those of its old location.

    `encoding` says which encoding it is in now, NAME or FILE=NAME each (none: that of the training or, if this gives
    another text, UTF-8: it may have been converted). `hint` is what a person types to name a new location (None: the
    parameter `text`).

    Raises RunError if the text is gone, has changed, or came from standard input, and TextError if the sources cannot
    be read.
    """
    hint = hint or f"{parameter('text')} TEXT"
    if not sources and saved.weights_only and not all(source.startswith(BUILTIN) for source in saved.text.sources):
        raise RunError(
            f"weights alone do not say where their training text is ({text_name(saved.text.sources)}); name it: {hint}, "
            "or name another text after RUN"
        )
    if not sources and "-" in saved.text.sources:
        raise RunError(f"the training text came from standard input; name a file that holds it: {hint}")
    if sources:
        on_stage(reading(sources))
        return _require_same(saved, sources, _read_same(saved, sources, encoding), hint, encoding)
    *moved, recorded = recorded_places(saved.text.sources, saved.run_parent, saved.folder)
    others: list[tuple[tuple[str, ...], SourceText]] = []
    for place in moved:
        try:
            text = _read_recorded(saved, place, hint, encoding, on_stage)
        except RunError:
            continue
        if text.sha256 == saved.text.sha256:
            return place, text
        others.append((place, text))
    try:
        text = _read_recorded(saved, recorded, hint, encoding, on_stage)
    except RunError:
        if others:
            return _require_same(saved, *others[0], hint, encoding)
        raise
    return _require_same(saved, recorded, text, hint, encoding)


def recorded_places(sources: tuple[str, ...], run_parent: str | None, folder: Path | None) -> list[tuple[str, ...]]:
    """The sources that a checkpoint in `folder` names, at each place where they may be: the old one last."""
    moved = moved_sources(sources, run_parent, folder) if folder else ()
    return [*dict.fromkeys((*moved, sources))]


def _require_same(
    saved: Checkpoint, sources: Sequence[str], text: SourceText, hint: str, encoding: Sequence[str]
) -> tuple[tuple[str, ...], SourceText]:
    """Raises RunError if this is another text."""
    if text.sha256 != saved.text.sha256:
        converted = f"if it is in another encoding, say so, or leave out {parameter('encoding')}; " if encoding else ""
        raise RunError(
            f"the text differs from the one that the run was trained on: {', '.join(sources)} has "
            f"{amount(text.length, text.unit)}, SHA-256 {text.sha256[:12]}...; the run's had {saved.text.characters:,}, "
            f"{saved.text.sha256[:12]}...; {converted}"
            f"if the right one moved, name it: {hint}; {_way_out(saved, sources, hint)}"
        )
    return tuple(sources), text


def _read_recorded(
    saved: Checkpoint, sources: Sequence[str], hint: str, encoding: Sequence[str], on_stage: OnStage
) -> SourceText:
    """A text that a checkpoint names, and no person. Raises RunError."""
    _require_modest(saved, sources, hint)
    on_stage(reading(sources))
    try:
        return _read_same(saved, sources, encoding, saved.text.characters + GROWN)
    except TextError as error:
        raise RunError(f"the training text cannot be read again: {error}; if it moved, name it: {hint}") from None


def _way_out(saved: Checkpoint, sources: Sequence[str], hint: str) -> str:
    """What to do with another text than that of the training."""
    run = shell_word(os.path.relpath(saved.folder)) if saved.folder and not saved.weights_only else "RUN"
    train = f"to train on this one: {shell_command('charrnn train', *sources)} --from {run}"
    reads = hint.startswith(parameter("text"))  # a command that reads a text with a run
    return f"to read this one, name it after RUN, without {parameter('text')}; {train}" if reads else train


def _require_modest(saved: Checkpoint, sources: Sequence[str], hint: str) -> None:
    """Raises RunError if a checkpoint names sources that are too large to be read just because it says so."""
    has_documents = saved.config.data.has_documents  # with anything between them
    try:
        recorded_sources.require_modest(sources, None if has_documents else saved.text.characters)
    except TextError as error:
        raise RunError(
            f"the training text is not read from where its checkpoint says: {error}; name it: {hint}"
        ) from None


def _read_same(
    saved: Checkpoint, sources: Sequence[str], encoding: Sequence[str], max_chars: int | None = None
) -> SourceText:
    """At most `max_chars` characters of the sources, in the first encodings that give the training text; if none do, in
    the first that can be read.
    """
    data = saved.config.data
    first = data.with_encodings(encoding).encodings
    ways = [first] if encoding else [*dict.fromkeys([first, Encodings()])]
    if any(map(os.path.isdir, sources)):
        ways.append(replace(first, by_nuls_alone=True))
    if "-" in sources:  # it can be read only once
        ways = ways[:1]
    failures: list[TextError] = []
    found: list[SourceText] = []
    for way in ways:
        try:
            found.append(read_training_text(sources, saved.config, replace(way, may_be_absent=True), max_chars))
        except TextError as error:
            failures.append(error)
            continue
        if found[-1].sha256 == saved.text.sha256:
            return found[-1]
    if not found:
        raise failures[0]
    return found[0]
