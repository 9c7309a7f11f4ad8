"""A text made ready for training: ids, vocabulary, splits, content hash."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.text import cache, source
from charrnn.text import documents as lists
from charrnn.text.decoding import characters, reads_as_utf_8_too
from charrnn.text.encodings import UTF_8, Encodings, is_utf_8
from charrnn.text.files import MAX_EXPANSION
from charrnn.text.folder import Files
from charrnn.text.source import BUILTIN, Document, Gathered
from charrnn.text.splits import SPLITS, Cuts, Split
from charrnn.text.vocabulary import Ids, Unit, Vocabulary, code_points, describe

IN_MEMORY = 1 << 25  # characters; a longer text is encoded into a file
SHOWN = 3  # names of files in a note
AS_THEY_ARE = "bytes are read as they are: their encoding makes no difference"

Pieces = Callable[[], Iterator[Any]]


@dataclass(frozen=True)
class Corpus:
    """Ids of the whole text, (characters,), and where it is cut; see splits.py.

    Of a list of documents, each split begins with an end and ends with one: two share that between them.
    """

    ids: Ids
    vocabulary: Vocabulary
    cuts: Cuts
    sha256: str
    path: Path | None = None  # the file that holds the ids of a long text
    unknown_length: float = 0.0  # bytes of UTF-8 that its rare characters, which share one symbol, have on average

    def slices(self, name: str) -> Ids:
        """The ids of one split, (slices, length of each), a view: each slice is a stretch of the text; empty without a share."""
        index, cuts = SPLITS.index(name), self.cuts
        side_by_side = self.ids[: cuts.slices * cuts.length].reshape(cuts.slices, cuts.length)
        start, end = cuts.bounds[index : index + 2]
        with_its_end = self.vocabulary.end_id is not None and start < end
        return side_by_side[:, start : end + with_its_end]

    def before(self, name: str, characters: int) -> Ids:
        """What stands before each slice of a split in the text, (slices, at most so many characters), a view."""
        cuts, start = self.cuts, self.cuts.bounds[SPLITS.index(name)]
        side_by_side = self.ids[: cuts.slices * cuts.length].reshape(cuts.slices, cuts.length)
        return side_by_side[:, max(0, start - characters) : start]

    def split(self, name: str) -> Ids:
        """The ids of one split, (its length,), slice after slice: a view where there is one slice, otherwise a copy."""
        return self.slices(name).reshape(-1)


@dataclass(frozen=True)
class Text:
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
    files: Mapping[str, Files] = field(default_factory=dict)  # of each folder and pattern among the sources
    notes: tuple[str, ...] = ()  # what is to be said of its sources

    @classmethod
    def of(cls, content: str | bytes) -> "Text":
        """A text that is in memory."""
        return _survey("byte" if isinstance(content, bytes) else "char", lambda: iter([content]))

    @property
    def content(self) -> Any:
        """All of it: a str, or for the byte unit bytes."""
        return (b"" if self.unit == "byte" else "").join(self.pieces())

    def vocabulary(self, min_count: int) -> Vocabulary:
        """The vocabulary of this text; see Vocabulary.of_counts."""
        if self.unit == "byte":
            return Vocabulary.of_bytes()
        return Vocabulary.of_counts(self.counts, min_count, ends=self.documents is not None)


@dataclass(frozen=True)
class Once:
    """A text that is read once: str or bytes in pieces as they come, and what is to be said of its sources."""

    pieces: Iterator[Any]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Any]:
        return self.pieces


def read_text(
    sources: Sequence[str],
    unit: Unit = "char",
    encoding: str | Encodings = UTF_8,
    max_expansion: float = MAX_EXPANSION,
    boundary: str | None = None,
) -> Text:
    """Read the sources one after the other; a file that lacks its last newline gets one before the next begins.

    With a `boundary`, of characters only, it is a list of documents; see documents.py.
    Raises TextError as `source.gather` and `decoding.characters` do, and where a source holds no text.
    """
    said = encoding if isinstance(encoding, Encodings) else Encodings(encoding)
    found = _gathered(sources, unit, said, max_expansion)
    if boundary is not None:
        text = _of_documents(found.documents, said, boundary)
    else:
        text = _survey(unit, lambda: _read(found.documents, unit, said))
    return replace(text, files=found.files, notes=_notes(found, unit, said))


def read_once(
    sources: Sequence[str],
    unit: Unit = "char",
    encoding: str | Encodings = UTF_8,
    max_expansion: float = MAX_EXPANSION,
) -> Once:
    """The same text for a single pass, of any length.

    Raises TextError, for a missing source at once.
    """
    said = encoding if isinstance(encoding, Encodings) else Encodings(encoding)
    # In an encoding that somebody names, standard input is read twice, to see whether it is UTF-8.
    found = _gathered(sources, unit, said, max_expansion, once=said.are_default)
    return Once(_read(found.documents, unit, said), _notes(found, unit, said))


def _gathered(
    sources: Sequence[str], unit: Unit, said: Encodings, max_expansion: float, once: bool = False
) -> Gathered:
    found = source.gather(sources, unit == "byte", max_expansion, once, said)
    said.require_files([document.path for document in found.documents])
    return found


def _notes(found: Gathered, unit: Unit, said: Encodings) -> tuple[str, ...]:
    """What is to be said of the sources: what folders and patterns gave, and what is UTF-8 and read as something else."""
    notes = [files.summary(name) for name, files in found.files.items()]
    if unit == "byte":
        return (
            *notes,
            *(["bytes are read as they are: their encoding makes no difference"] if not said.are_default else []),
        )
    doubtful: dict[str, list[str]] = {}
    for document in found.documents:
        encoding, _ = _encoding_of(document, said)
        if not is_utf_8(encoding) and reads_as_utf_8_too(document, encoding):
            doubtful.setdefault(encoding, []).append(document.name)
    for encoding, names in doubtful.items():
        shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
        which = f"{shown} is" if len(names) == 1 else f"{len(names):,} files ({shown}) are"
        notes.append(
            f"{which} valid UTF-8 but read as {encoding}, as you asked; if that is wrong, name only what is not UTF-8: "
            f"--encoding FILE={encoding}"
        )
    return tuple(notes)


def _encoding_of(document: Document, said: Encodings) -> tuple[str, bool]:
    """The encoding that a document is in, and whether it was said of this very file. What is built in is UTF-8."""
    if document.source.startswith(BUILTIN):
        return UTF_8, False
    return said.of(document.path), said.by_nuls_alone or said.said_of(document.path) is not None


def build(text: Text, vocabulary: Vocabulary, split: Split) -> Corpus:
    """Encode `text` and cut it; a list of documents between two.

    Raises TextError for one that is too short, or that changes meanwhile, and VocabularyError when it holds a character that
    the vocabulary does not.
    """
    rare = _unknown_length(text, vocabulary)
    if text.documents is not None:
        listed = lists.encode(text.documents, vocabulary)
        return Corpus(listed, vocabulary, cut(listed, vocabulary, split), text.sha256, None, rare)
    cuts = split.cut(text.length)
    if text.length <= IN_MEMORY:
        in_memory = np.concatenate([*_encoded(text, vocabulary)])
        return Corpus(in_memory, vocabulary, cuts, text.sha256, None, rare)
    path = cache.path_of(text.sha256, vocabulary)
    if cache.load(path, vocabulary, text.length) is None:
        cache.store(path, _encoded(text, vocabulary))
    ids = cache.load(path, vocabulary, text.length)
    if ids is None:
        raise TextError(
            f"{path}: the encoded text is not {text.length:,} characters long; did its source change meanwhile?"
        )
    return Corpus(ids, vocabulary, cuts, text.sha256, path, rare)


def cut(ids: Ids, vocabulary: Vocabulary, split: Split) -> Cuts:
    """Where an encoded text is cut. Raises TextError for one that is too short."""
    if vocabulary.end_id is None:
        return split.cut(len(ids))
    return lists.cut(np.flatnonzero(ids == vocabulary.end_id), split)


def _read(documents: Sequence[Document], unit: Unit, said: Encodings) -> Iterator[Any]:
    """The documents' pieces, with a newline after each but the last that lacks one."""
    newline = b"\n" if unit == "byte" else "\n"
    blank = {document.source: True for document in documents}
    for number, document in enumerate(documents, start=1):
        last: Any = None
        for piece in document.pieces() if unit == "byte" else characters(document, *_encoding_of(document, said)):
            blank[document.source] &= piece.isspace()
            yield piece
            last = piece
        if number < len(documents) and not (last and last.endswith(newline)):
            yield newline
    _refuse_blank(blank)


def _of_documents(files: Sequence[Document], said: Encodings, boundary: str) -> Text:
    contents: list[str] = []
    blank, room = {file.source: True for file in files}, IN_MEMORY
    for file in files:
        pieces = []
        for piece in characters(file, *_encoding_of(file, said)):
            pieces.append(piece)
            room -= len(piece)
            if room < 0:
                raise TextError(
                    f"{file.name}: with data.boundary a text has at most {IN_MEMORY:,} characters, for it is held in memory; "
                    "name fewer files, or train on it as one long text: -s data.boundary=null"
                )
        contents.append("".join(pieces))
        blank[file.source] &= not contents[-1].strip()
    _refuse_blank(blank)
    sha256 = hashlib.sha256(_utf_8("\0".join(contents), 0)).hexdigest()
    documents = lists.split_up(contents, boundary)
    surveyed = Text.of("".join(documents))
    return replace(surveyed, length=surveyed.length + len(documents) + 1, sha256=sha256, documents=documents)


def _refuse_blank(blank: Mapping[str, bool]) -> None:
    for name, is_blank in blank.items():
        if is_blank:
            raise TextError(f"{name}: holds no text (0 characters that are not blank)")


def _survey(unit: Unit, pieces: Pieces) -> Text:
    """Read all once."""
    sha256, length, counts = hashlib.sha256(), 0, np.zeros(1, np.intp)
    kept: list[Any] = []
    for piece in pieces():
        sha256.update(piece if unit == "byte" else _utf_8(piece, length))
        length += len(piece)
        if unit == "char":
            counts = _added(counts, np.bincount(code_points(piece)))
        kept.append(piece)
        if length > IN_MEMORY:
            kept.clear()
    return Text(unit, length, sha256.hexdigest(), counts, pieces if length > IN_MEMORY else lambda: iter(kept))


def _encoded(text: Text, vocabulary: Vocabulary) -> Iterator[Ids]:
    """The ids, piece by piece. Raises TextError where the text is no longer the one that was read at first."""
    sha256, position = hashlib.sha256(), 0
    for piece in text.pieces():
        is_bytes = isinstance(piece, bytes)
        sha256.update(piece if is_bytes else _utf_8(piece, position))
        yield vocabulary.encode_bytes(piece) if is_bytes else vocabulary.encode(piece, position)
        position += len(piece)
    if sha256.hexdigest() != text.sha256:
        raise TextError("the text changed while it was read; start again when nothing writes to it any more")


def _unknown_length(text: Text, vocabulary: Vocabulary) -> float:
    if vocabulary.unknown_id is None:
        return 0.0
    points = [point for point in np.flatnonzero(text.counts).tolist() if chr(point) not in vocabulary.known]
    lengths = [len(chr(point).encode()) for point in points]
    return float(np.average(lengths, weights=text.counts[points])) if points else 0.0


def _utf_8(piece: str, position: int) -> bytes:
    try:
        return piece.encode()
    except UnicodeEncodeError as error:
        raise TextError(
            f"character {position + error.start:,} of the text is {describe(piece[error.start])}, half of a surrogate pair"
        ) from None


def _added(a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.intp]:
    """The sum of two counts of different lengths."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    longer[: len(shorter)] += shorter
    return longer
