"""The text of a run, read once more: a checkpoint does not hold it, only where it stood and its SHA-256."""

import os
from collections.abc import Sequence
from dataclasses import replace

from charrnn.errors import RunError, TextError
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.data_section import Data
from charrnn.text import corpus as corpora
from charrnn.text.corpus import Corpus, Once, Text
from charrnn.text.encodings import Encodings


def read_text(sources: Sequence[str], data: Data, said: Encodings | None = None) -> Text:
    """Read the sources as the configuration's section `data` has it, or in other encodings. Raises TextError."""
    return corpora.read_text(sources, data.unit, said or data.encodings, data.max_expansion, data.boundary)


def read_once(sources: Sequence[str], data: Data, said: Encodings | None = None) -> Once:
    """The same, in pieces as they come, for a single pass. Raises TextError."""
    return corpora.read_once(sources, data.unit, said or data.encodings, data.max_expansion)


def corpus_of(
    saved: Checkpoint, sources: Sequence[str] = (), give: str = "--text TEXT", encoding: Sequence[str] = ()
) -> Corpus:
    """The text that a run was trained on, encoded and cut as it was then, from `sources` (none: from where it was then).
    `encoding` says besides which encoding it is in now, NAME or FILE=NAME each (none: that of the training, or, where this
    gives another text, UTF-8: it may have been converted). `give` is what a person types to name another place.

    Raises RunError where the text is gone, is another, or came from standard input, and TextError for sources that cannot be read.
    """
    if not sources and "-" in saved.text.sources:
        raise RunError(f"the run's text came from standard input; name a file that holds it: {give}")
    try:
        text = _the_same(saved, sources or saved.text.sources, encoding)
    except TextError as error:
        if sources:
            raise
        raise RunError(f"the run's text cannot be read again: {error}; if it is elsewhere, name it: {give}") from None
    if text.sha256 != saved.text.sha256:
        raise RunError(
            f"the text differs from the one that the run was trained on: {', '.join(sources or saved.text.sources)} has "
            f"{text.length:,} characters, SHA-256 {text.sha256[:12]}...; the run's had {saved.text.characters:,}, "
            f"{saved.text.sha256[:12]}...; if that one is elsewhere, name it: {give}"
        )
    return corpora.build(text, saved.vocabulary, saved.config.data.cutting())


def _the_same(saved: Checkpoint, sources: Sequence[str], encoding: Sequence[str]) -> Text:
    """The sources in the encodings that make them the run's text, or where none do, in the first of them."""
    data = saved.config.data
    first = data.with_encodings(encoding).encodings
    ways = [first] if encoding else [*dict.fromkeys([first, Encodings()])]
    if any(map(os.path.isdir, sources)):
        ways.append(replace(first, by_nuls_alone=True))
    if "-" in sources:  # which can be read only once
        ways = ways[:1]
    failures: list[TextError] = []
    found: list[Text] = []
    for way in ways:
        try:
            found.append(read_text(sources, data, replace(way, may_be_absent=True)))
        except TextError as error:
            failures.append(error)
            continue
        if found[-1].sha256 == saved.text.sha256:
            return found[-1]
    if not found:
        raise failures[0]
    return found[0]
