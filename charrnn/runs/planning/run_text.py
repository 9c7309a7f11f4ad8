"""The text of a run, read once more: a checkpoint does not hold it, only where it stood and its SHA-256."""

import os
from collections.abc import Sequence
from dataclasses import replace

from charrnn.config.data import Data
from charrnn.errors import RunError, TextError
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.text import corpus as corpora
from charrnn.text import source_text
from charrnn.text.characters.unit_names import counted
from charrnn.text.corpus import Corpus
from charrnn.text.reading import recorded_sources
from charrnn.text.reading.encodings import Encodings
from charrnn.text.source_text import SourceText, Stream
from charrnn.words import parameter

GROWN = 1 << 20  # characters more than there were, of which one can still say how many they are


def read_text(sources: Sequence[str], data: Data, said: Encodings | None = None, most: int | None = None) -> SourceText:
    """Read the sources as the configuration's section `data` has it, or in other encodings; `most` characters of them.

    Raises TextError.
    """
    return source_text.read_text(sources, data.unit, _said(data, said), data.max_expansion, data.boundary, most)


def read_once(sources: Sequence[str], data: Data, said: Encodings | None = None) -> Stream:
    """The same, in pieces as they come, for a single pass. Raises TextError."""
    return source_text.read_once(sources, data.unit, _said(data, said), data.max_expansion)


def _said(data: Data, said: Encodings | None) -> Encodings:
    """What is said of the sources; what the run's own text is in is likely for others, too."""
    return replace(said, likely=data.encodings.names) if said else data.encodings


def load_corpus(
    saved: Checkpoint, sources: Sequence[str] = (), give: str | None = None, encoding: Sequence[str] = ()
) -> Corpus:
    """The text that a run was trained on, encoded and cut as it was then. Options and errors as of `load_text`."""
    return corpora.build(load_text(saved, sources, give, encoding), saved.vocabulary, saved.config.data.cutting())


def load_text(
    saved: Checkpoint, sources: Sequence[str] = (), give: str | None = None, encoding: Sequence[str] = ()
) -> SourceText:
    """The text that a run was trained on, from `sources` (none: from where it was then). `encoding` says besides which encoding
    it is in now, NAME or FILE=NAME each (none: that of the training, or, where this gives another text, UTF-8: it may have been
    converted). `give` is what a person types to name another place (None: the parameter `text`).

    Raises RunError where the text is gone, is another, or came from standard input, and TextError for sources that cannot be read.
    """
    give = give or f"{parameter('text')} TEXT"
    if not sources and "-" in saved.text.sources:
        raise RunError(f"the run's text came from standard input; name a file that holds it: {give}")
    if not sources:
        _require_modest(saved, give)
    try:
        text = _read_same(saved, sources, encoding)
    except TextError as error:
        if sources:
            raise
        raise RunError(f"the run's text cannot be read again: {error}; if it is elsewhere, name it: {give}") from None
    if text.sha256 != saved.text.sha256:
        converted = f"if it is in another encoding, say so, or leave out {parameter('encoding')}; " if encoding else ""
        raise RunError(
            f"the text differs from the one that the run was trained on: {', '.join(sources or saved.text.sources)} has "
            f"{counted(text.length, text.unit)}, SHA-256 {text.sha256[:12]}...; the run's had {saved.text.characters:,}, "
            f"{saved.text.sha256[:12]}...; {converted}"
            f"if that one is elsewhere, name it: {give}"
        )
    return text


def _require_modest(saved: Checkpoint, give: str) -> None:
    """Raises RunError where a checkpoint names what should not be read on its word alone."""
    has_documents = saved.config.data.boundary is not None  # between which there may be anything
    try:
        recorded_sources.require_modest(saved.text.sources, None if has_documents else saved.text.characters)
    except TextError as error:
        raise RunError(f"the run's text is not read where its checkpoint says: {error}; name it: {give}") from None


def _read_same(saved: Checkpoint, sources: Sequence[str], encoding: Sequence[str]) -> SourceText:
    """The sources in the encodings that make them the run's text, or where none do, in the first of them.

    Those that the checkpoint names (none given) are read no further than the text was long.
    """
    data, most = saved.config.data, None if sources else saved.text.characters + GROWN
    sources = sources or saved.text.sources
    first = data.with_encodings(encoding).encodings
    ways = [first] if encoding else [*dict.fromkeys([first, Encodings()])]
    if any(map(os.path.isdir, sources)):
        ways.append(replace(first, by_nuls_alone=True))
    if "-" in sources:  # which can be read only once
        ways = ways[:1]
    failures: list[TextError] = []
    found: list[SourceText] = []
    for way in ways:
        try:
            found.append(read_text(sources, data, replace(way, may_be_absent=True), most))
        except TextError as error:
            failures.append(error)
            continue
        if found[-1].sha256 == saved.text.sha256:
            return found[-1]
    if not found:
        raise failures[0]
    return found[0]
