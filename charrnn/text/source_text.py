"""The text of some sources: measured in one pass, and readable again."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.text import documents as lists
from charrnn.text.characters.unit_names import Unit
from charrnn.text.columns import read_documents
from charrnn.text.documents import Documents
from charrnn.text.positions import NO_PLACES, Place, Places, move
from charrnn.text.reading.encodings import UTF_8, Encodings
from charrnn.text.reading.folder import Files
from charrnn.text.reading.source_reader import Piece, SourceReader
from charrnn.text.reading.text_file import MAX_EXPANSION
from charrnn.text.vocabulary import Vocabulary, code_points, describe
from charrnn.words import parameter

IN_MEMORY = 1 << 25  # characters; a longer text is encoded into a file
Pieces = Callable[[], Iterator[Any]]


@dataclass(frozen=True)
class SourceText:
    """A text that was read once from end to end: its length, its SHA-256, and how often each character occurs.

    For a list of documents, the length includes their ends, and the SHA-256 is that of the files, joined by NULs (no
    text holds one); `counts` and `pieces` are those of the documents.
    """

    unit: Unit
    length: int
    sha256: str
    counts: NDArray[np.intp]  # how often each code point occurs, (highest + 1,)
    pieces: Pieces  # the text again, str or bytes: from memory while it is short, otherwise from its sources
    documents: tuple[str, ...] | None = None
    files: tuple[str, ...] = ("",)  # names
    starts: Places = NO_PLACES  # where each file or document begins, and what does not follow what is before it there
    folders: Mapping[str, Files] = field(default_factory=dict)  # what each folder and pattern among the sources gave
    notes: tuple[str, ...] = ()  # on its sources, and on how it was cut into documents

    @classmethod
    def from_content(cls, content: str | bytes) -> "SourceText":
        """A text in memory."""
        return _scan("byte" if isinstance(content, bytes) else "char", lambda: iter([Piece(0, content)]), ("",))

    @property
    def content(self) -> Any:
        """All of it: str, or bytes for the unit byte."""
        return (b"" if self.unit == "byte" else "").join(self.pieces())

    def place(self, index: int) -> Place:
        """The place of a character (of a byte, of a document's end) in its file. A character that was added, such as
        the newline after a file that lacks its last one, comes right after the one before it.
        """
        file, line, column = self.locate(index)
        return Place(self.files[file], line, column)

    def locate(self, index: int) -> tuple[int, int, int]:
        """File, line and column of a character: the file by its number from 0, the others from 1."""
        starts = self.starts
        part = int(starts.at.searchsorted(index, "right")) - 1
        if part < 0:  # the end before the first document
            return 0, 1, 1
        first, line, column = int(starts.at[part]), int(starts.line[part]), int(starts.column[part])
        if self.documents is not None:
            begins = lists.begin_places(self.documents)
            number = int(begins.searchsorted(index, "right")) - 1
            document, begin = f"{self.documents[number]}\0", int(begins[number])  # a NUL for the end
            pieces = iter([document[first - begin : index + 1 - begin]])
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
    max_chars: int | None = None,
    shuffle_seed: int | None = None,
    field: str | None = None,
    with_plain: bool = False,
) -> SourceText:
    """Read the sources one after the other; a file that lacks its last newline gets one before the next begins.

    With a `boundary` or a `field`, which need the unit char, the text is a list of documents; see documents.py, and
    columns.py for `with_plain`. With a `shuffle_seed` these are shuffled; without documents, the files are.

    Raises TextError as `SourceReader` does, and without documents for more than `max_chars` characters.
    """
    if field is not None:
        reader = SourceReader(sources, unit, encoding, max_expansion, tables_only=not with_plain)
        text = _from_documents(
            reader, "data.field", lambda files: read_documents(reader.names, files, field, with_plain), shuffle_seed
        )
    elif boundary is not None:
        reader = SourceReader(sources, unit, encoding, max_expansion)
        text = _from_documents(
            reader, "data.boundary", lambda files: lists.split_documents(files, boundary), shuffle_seed
        )
    else:
        reader = SourceReader(sources, unit, encoding, max_expansion, shuffle_seed=shuffle_seed)
        text = _scan(unit, reader.pieces, reader.names, max_chars)
    return replace(text, folders=reader.folders, notes=(*reader.notes(), *text.notes))


def _from_documents(
    reader: SourceReader, key: str, find: Callable[[Sequence[str]], Documents], shuffle_seed: int | None
) -> SourceText:
    """`find` makes documents of the contents of files; `key` of the configuration asks for them."""
    contents: list[list[str]] = [[] for _ in reader.names]
    room = IN_MEMORY
    for file, piece in reader.pieces(joined=False):
        contents[file].append(piece)
        room -= len(piece)
        if room < 0:
            raise TextError(
                f"{reader.names[file]}: with {key} a text has at most {IN_MEMORY:,} characters, because it is held in memory; "
                f"name fewer files, or train on it as one long text: {parameter('settings')} {key}=null"
            )
    files = ["".join(pieces) for pieces in contents]
    joined = "\0".join(files)  # no text holds a NUL
    try:
        sha256 = hashlib.sha256(joined.encode()).hexdigest()
    except UnicodeEncodeError as error:
        *earlier, before = joined[: error.start + 1].split("\0")
        raise _surrogate_error(error, reader.names[len(earlier)], [before]) from None
    found = find(files)
    if shuffle_seed is not None:
        found = lists.shuffle(found, shuffle_seed)
    text = SourceText.from_content("".join(found.documents))
    return replace(
        text,
        length=text.length + len(found.documents) + 1,
        sha256=sha256,
        documents=found.documents,
        files=reader.names,
        starts=found.starts,
        notes=found.notes,
    )


def _scan(
    unit: Unit, pieces: Callable[[], Iterator[Piece]], files: tuple[str, ...], max_chars: int | None = None
) -> SourceText:
    """Read a text once from end to end. Raises TextError if it has more than `max_chars` characters."""
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
        if max_chars is not None and length > max_chars:
            raise TextError(f"more than {max_chars:,} characters, and so more than it had")
        if unit == "char":
            counts = _sum_counts(counts, np.bincount(code_points(piece)))
        kept.append(piece)
        if length > IN_MEMORY:
            kept.clear()
    again = contents if length > IN_MEMORY else lambda: iter(kept)
    starts = Places.from_sequences([*begins.values()], [*begins], [1] * len(begins), [1] * len(begins))
    return SourceText(unit, length, sha256.hexdigest(), counts, again, files=files, starts=starts)


def _surrogate_error(error: UnicodeEncodeError, name: str, before: Iterable[str]) -> TextError:
    """The error for half of a surrogate pair; `before`: the file up to and with it."""
    place = Place(name, *move(1, 1, before, "char"))
    return TextError(f"{place}: {describe(error.object[error.start])}, half of a surrogate pair, is not a character")


def _between(pieces: Iterator[Any], first: int, stop: int) -> Iterator[Any]:
    """Characters `first` to `stop` of a text in pieces."""
    position = 0
    for piece in pieces:
        if position >= stop:
            return
        if position + len(piece) > first:
            yield piece[max(0, first - position) : stop - position]
        position += len(piece)


def _sum_counts(a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.intp]:
    """Add counts of different lengths."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    longer[: len(shorter)] += shorter
    return longer
