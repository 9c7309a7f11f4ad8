"""The text of a run, read once more: a checkpoint does not hold it, only where it stood and its SHA-256."""

from collections.abc import Sequence

from charrnn.errors import RunError, TextError
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.data_section import Data
from charrnn.text import corpus as corpora
from charrnn.text.corpus import Corpus, Stream, Text
from charrnn.text.unit_names import counted


def read_text(sources: Sequence[str], data: Data) -> Text:
    """Read the sources as the configuration's section `data` has it. Raises TextError."""
    return corpora.read_text(sources, data.unit, data.encoding, data.max_expansion, data.boundary)


def read_once(sources: Sequence[str], data: Data) -> Stream:
    """The same, in pieces as they come, for a single pass. Raises TextError."""
    return corpora.read_once(sources, data.unit, data.encoding, data.max_expansion)


def corpus_of(saved: Checkpoint, sources: Sequence[str] = (), give: str = "--text TEXT") -> Corpus:
    """The text that a run was trained on, encoded and cut as it was then. Options and errors as of `text_of`."""
    return corpora.build(text_of(saved, sources, give), saved.vocabulary, saved.config.data.cutting())


def text_of(saved: Checkpoint, sources: Sequence[str] = (), give: str = "--text TEXT") -> Text:
    """The text that a run was trained on, from where it stands now (`sources`; none: where it stood then). `give` is what a
    person types to name another place.

    Raises RunError where the text is gone, is another, or came from standard input, and TextError for sources that cannot be read.
    """
    text = read_text(sources, saved.config.data) if sources else _read_again(saved, give)
    if text.sha256 != saved.text.sha256:
        raise RunError(
            f"the text differs from the one that the run was trained on: {', '.join(sources or saved.text.sources)} has "
            f"{counted(text.length, text.unit)}, SHA-256 {text.sha256[:12]}...; the run's had {saved.text.characters:,}, "
            f"{saved.text.sha256[:12]}...; if that one is elsewhere, name it: {give}"
        )
    return text


def _read_again(saved: Checkpoint, give: str) -> Text:
    """The text from where it stood when the run began."""
    if "-" in saved.text.sources:
        raise RunError(f"the run's text came from standard input; name a file that holds it: {give}")
    try:
        return read_text(saved.text.sources, saved.config.data)
    except TextError as error:
        raise RunError(f"the run's text cannot be read again: {error}; if it is elsewhere, name it: {give}") from None
