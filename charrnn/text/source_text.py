"""A text as its sources hold it: measured in one pass, readable again, or streamed once."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.text import documents as lists
from charrnn.text.positions import NO_STARTS, Place, Starts, move
from charrnn.text.reading.decoding import characters, reads_as_utf_8_too
from charrnn.text.reading.encodings import UTF_8, Encodings, is_utf_8
from charrnn.text.reading.folder import Files
from charrnn.text.reading.sources import BUILTIN, FoundSources, Source, find_sources
from charrnn.text.reading.text_file import MAX_EXPANSION
from charrnn.text.vocabulary import Unit, Vocabulary, code_points, describe
from charrnn.words import parameter

IN_MEMORY = 1 << 25  # characters; a longer text is encoded into a file


MAX_NAMES_SHOWN = 3  # names of files in a note


AS_THEY_ARE = "bytes are read as they are: their encoding makes no difference"


Pieces = Callable[[], Iterator[Any]]


class Piece(NamedTuple):
    """Some of a file: the number of the file, from 0, and characters or bytes."""

    file: int
    content: Any


@dataclass(frozen=True)
class Stream:
    """A text that can be read once: the names of its files, its pieces as they come, and what to say of its sources."""

    files: tuple[str, ...]
    pieces: Iterator[Piece]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceText:
    """What the sources hold, read once from end to end: how long it is, its SHA-256, how often each character occurs.

    Of a list of documents: how long with their ends; the SHA-256 is of the files with a NUL, which no text holds, between
    one and the next; the rest is of the documents.
    """

    unit: Unit
    length: int
    sha256: str
    counts: NDArray[np.intp]  # of each code point, (highest + 1,)
    pieces: Pieces  # the text again, str or bytes: from memory while it is short, otherwise from its sources
    documents: tuple[str, ...] | None = None
    files: tuple[str, ...] = ("",)  # their names
    starts: Starts = NO_STARTS  # where each file begins in the text; of a list of documents, each document
    folders: Mapping[str, Files] = field(default_factory=dict)  # what each folder and pattern among the sources gave
    notes: tuple[str, ...] = ()  # what to say of its sources, and of how it was cut

    @classmethod
    def from_content(cls, content: str | bytes) -> "SourceText":
        """A text that is in memory."""
        return _scan("byte" if isinstance(content, bytes) else "char", lambda: iter([Piece(0, content)]), ("",))

    @property
    def content(self) -> Any:
        """All of it: a str, or for the byte unit bytes."""
        return (b"" if self.unit == "byte" else "").join(self.pieces())

    def place(self, index: int) -> Place:
        """Where one of its characters (bytes, documents' ends) stands. A character that was added, such as the newline after a
        file that lacks its last one, stands behind the character before it.
        """
        file, line, column = self.locate(index)
        return Place(self.files[file], line, column)

    def locate(self, index: int) -> tuple[int, int, int]:
        """The same, with the number of the file."""
        starts = self.starts
        part = int(starts.at.searchsorted(index, "right")) - 1
        if part < 0:  # the end before the first document
            return 0, 1, 1
        first, line, column = int(starts.at[part]), int(starts.line[part]), int(starts.column[part])
        if self.documents is not None:
            pieces = iter([f"{self.documents[part]}\0"[: index + 1 - first]])  # a NUL for the end
        else:
            pieces = _between(self.pieces(), first, index + 1)
        return int(starts.file[part]), *move(line, column, pieces, self.unit)

    def vocabulary(self, min_count: int) -> Vocabulary:
        """The vocabulary of this text; see Vocabulary.from_counts."""
        if self.unit == "byte":
            return Vocabulary.from_bytes()
        return Vocabulary.from_counts(self.counts, min_count, ends=self.documents is not None)


def read_text(
    sources: Sequence[str],
    unit: Unit = "char",
    encoding: str | Encodings = UTF_8,
    max_expansion: float = MAX_EXPANSION,
    boundary: str | None = None,
    most: int | None = None,
) -> SourceText:
    """Read the sources one after the other; a file that lacks its last newline gets one before the next begins.

    With a `boundary`, of characters only, it is a list of documents; see documents.py. Without one, reading stops with a
    TextError where there are more than `most` characters.
    Raises TextError as `sources.find_sources` and `decoding.characters` do, and where a source holds no text.
    """
    said = encoding if isinstance(encoding, Encodings) else Encodings(encoding)
    found = _find(sources, unit, said, max_expansion)
    if boundary is not None:
        text = _from_documents(found.sources, said, boundary)
    else:
        text = _scan(unit, lambda: _at_most(most, _read(found.sources, unit, said)), _names(found.sources))
    return replace(text, folders=found.files, notes=(*_notes(found, unit, said), *text.notes))


def read_once(
    sources: Sequence[str],
    unit: Unit = "char",
    encoding: str | Encodings = UTF_8,
    max_expansion: float = MAX_EXPANSION,
) -> Stream:
    """The same text in pieces as they come: for a single pass over a text of any length.

    Raises TextError, for a missing source at once.
    """
    said = encoding if isinstance(encoding, Encodings) else Encodings(encoding)
    # In an encoding that somebody names, standard input is read twice, to see whether it is UTF-8.
    found = _find(sources, unit, said, max_expansion, once=said.are_default)
    return Stream(_names(found.sources), _read(found.sources, unit, said), _notes(found, unit, said))


def _names(sources: Sequence[Source]) -> tuple[str, ...]:
    return tuple(source.name for source in sources)


def _find(
    sources: Sequence[str], unit: Unit, said: Encodings, max_expansion: float, once: bool = False
) -> FoundSources:
    found = find_sources(sources, unit == "byte", max_expansion, once, said)
    said.require_files([source.path for source in found.sources])
    return found


def _notes(found: FoundSources, unit: Unit, said: Encodings) -> tuple[str, ...]:
    """What is to be said of the sources: what folders and patterns gave, and what is UTF-8 and read as something else."""
    notes = [files.summary(name) for name, files in found.files.items()]
    if unit == "byte":
        return (
            *notes,
            *(["bytes are read as they are: their encoding makes no difference"] if not said.are_default else []),
        )
    doubtful: dict[str, list[str]] = {}
    for source in found.sources:
        encoding, _ = _encoding_of(source, said)
        if not is_utf_8(encoding) and reads_as_utf_8_too(source, encoding):
            doubtful.setdefault(encoding, []).append(source.name)
    for encoding, names in doubtful.items():
        shown = ", ".join(names[:MAX_NAMES_SHOWN]) + (", ..." if len(names) > MAX_NAMES_SHOWN else "")
        which = f"{shown} is" if len(names) == 1 else f"{len(names):,} files ({shown}) are"
        notes.append(
            f"{which} valid UTF-8 but read as {encoding}, as you asked; if that is wrong, name only what is not UTF-8: "
            f"{parameter('encoding')} FILE={encoding}"
        )
    return tuple(notes)


def _encoding_of(source: Source, said: Encodings) -> tuple[str, bool]:
    """The encoding that a source is in, and whether it was said of this very file. What is built in is UTF-8."""
    if source.argument.startswith(BUILTIN):
        return UTF_8, False
    return said.of(source.path), said.by_nuls_alone or said.said_of(source.path) is not None


def _read(sources: Sequence[Source], unit: Unit, said: Encodings) -> Iterator[Piece]:
    """The sources' pieces, with a newline after each but the last that lacks one."""
    newline = b"\n" if unit == "byte" else "\n"
    blank = {source.argument: True for source in sources}
    for number, source in enumerate(sources):
        last: Any = None
        for piece in (
            source.pieces() if unit == "byte" else characters(source, *_encoding_of(source, said), said.likely)
        ):
            blank[source.argument] &= piece.isspace()
            yield Piece(number, piece)
            last = piece
        if number < len(sources) - 1 and not (last and last.endswith(newline)):
            yield Piece(number, newline)
    _require_not_blank(blank)


def _at_most(most: int | None, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces of a text that must not be longer."""
    length = 0
    for piece in pieces:
        length += len(piece.content)
        if most is not None and length > most:
            raise TextError(f"more than {most:,} characters, and so more than it had")
        yield piece


def _from_documents(files: Sequence[Source], said: Encodings, boundary: str) -> SourceText:
    contents: list[str] = []
    blank, room = {file.argument: True for file in files}, IN_MEMORY
    for file in files:
        pieces = []
        for piece in characters(file, *_encoding_of(file, said), said.likely):
            pieces.append(piece)
            room -= len(piece)
            if room < 0:
                raise TextError(
                    f"{file.name}: with data.boundary a text has at most {IN_MEMORY:,} characters, for it is held in memory; "
                    f"name fewer files, or train on it as one long text: {parameter('settings')} data.boundary=null"
                )
        contents.append("".join(pieces))
        blank[file.argument] &= not contents[-1].strip()
    _require_not_blank(blank)
    names = _names(files)
    for name, content in zip(names, contents, strict=True):
        try:
            content.encode()
        except UnicodeEncodeError as error:
            raise _surrogate_error(error, name, [content[: error.start + 1]]) from None
    sha256 = hashlib.sha256("\0".join(contents).encode()).hexdigest()
    found = lists.split_documents(contents, boundary)
    surveyed, documents = SourceText.from_content("".join(found.documents)), found.documents
    length = surveyed.length + len(documents) + 1
    return replace(
        surveyed,
        length=length,
        sha256=sha256,
        documents=documents,
        files=names,
        starts=found.starts,
        notes=found.notes,
    )


def _require_not_blank(blank: Mapping[str, bool]) -> None:
    for name, is_blank in blank.items():
        if is_blank:
            raise TextError(f"{name}: holds no text (nothing that is not blank)")


def _scan(unit: Unit, pieces: Callable[[], Iterator[Piece]], files: tuple[str, ...]) -> SourceText:
    """Read all once."""
    sha256, length, counts = hashlib.sha256(), 0, np.zeros(1, np.intp)
    kept: list[Any] = []
    begins: dict[int, int] = {}  # file -> where it begins

    def contents() -> Iterator[Any]:
        return (piece.content for piece in pieces())

    for file, piece in pieces():
        first = begins.setdefault(file, length)
        try:
            sha256.update(piece if unit == "byte" else piece.encode())
        except UnicodeEncodeError as error:
            before = _between(contents(), first, length + error.start + 1)
            raise _surrogate_error(error, files[file], before) from None
        length += len(piece)
        if unit == "char":
            counts = _sum_counts(counts, np.bincount(code_points(piece)))
        kept.append(piece)
        if length > IN_MEMORY:
            kept.clear()
    again = contents if length > IN_MEMORY else lambda: iter(kept)
    starts = Starts.from_sequences([*begins.values()], [*begins], [1] * len(begins), [1] * len(begins))
    return SourceText(unit, length, sha256.hexdigest(), counts, again, files=files, starts=starts)


def _surrogate_error(error: UnicodeEncodeError, name: str, before: Iterable[str]) -> TextError:
    """`before`: the file up to there."""
    place = Place(name, *move(1, 1, before, "char"))
    return TextError(f"{place}: {describe(error.object[error.start])}, half of a surrogate pair, is not a character")


def _between(pieces: Iterator[Any], first: int, stop: int) -> Iterator[Any]:
    """A stretch of a text that comes in pieces."""
    position = 0
    for piece in pieces:
        if position >= stop:
            return
        if position + len(piece) > first:
            yield piece[max(0, first - position) : stop - position]
        position += len(piece)


def _sum_counts(a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.intp]:
    """The sum of two counts of different lengths."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    longer[: len(shorter)] += shorter
    return longer
