"""A text made ready for training: ids, vocabulary, contiguous splits, content hash."""

import codecs
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.text import cache, source
from charrnn.text import documents as lists
from charrnn.text.decoding import characters
from charrnn.text.documents import SPLITS
from charrnn.text.files import MAX_EXPANSION
from charrnn.text.source import Document
from charrnn.text.vocabulary import Ids, Unit, Vocabulary, code_points, describe

SHORTEST_SPLIT = 2  # one character to read and one to predict
IN_MEMORY = 1 << 25  # characters; a longer text is encoded into a file

Pieces = Callable[[], Iterator[Any]]


@dataclass(frozen=True)
class Corpus:
    """Ids of the whole text, (characters,), and where it is cut: train, valid, test, in this order.

    Of a list of documents, each split begins with an end and ends with one: two share that between them.
    """

    ids: Ids
    vocabulary: Vocabulary
    bounds: tuple[int, int, int, int]
    sha256: str
    path: Path | None = None  # the file that holds the ids of a long text

    def split(self, name: str) -> Ids:
        """The ids of one split, (its length,), a view; empty where the split has no share."""
        index = SPLITS.index(name)
        start, end = self.bounds[index : index + 2]
        with_its_end = self.vocabulary.end_id is not None and start < end
        return self.ids[start : end + with_its_end]


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


def read_text(
    sources: Sequence[str],
    unit: Unit = "char",
    encoding: str = "utf-8",
    max_expansion: float = MAX_EXPANSION,
    boundary: str | None = None,
) -> Text:
    """Read the sources one after the other; a file that lacks its last newline gets one before the next begins.

    With a `boundary`, of characters only, it is a list of documents; see documents.py.
    Raises TextError as `source.gather` and `decoding.characters` do, and where a source holds no text.
    """
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    documents = source.gather(sources, unit == "byte" or wide, max_expansion)
    if boundary is not None:
        return _of_documents(documents, encoding, boundary)
    return _survey(unit, lambda: _read(documents, unit, encoding))


def build(text: Text, vocabulary: Vocabulary, split: Sequence[float]) -> Corpus:
    """Encode `text` and cut it; `split` holds the shares of train, valid and test. A list of documents is cut between two.

    Raises TextError when a split that has a share gets fewer than two characters, or no document, and VocabularyError
    when the text holds a character that the vocabulary does not.
    """
    if text.documents is not None:
        listed = lists.encode(text.documents, vocabulary)
        ends = np.flatnonzero(listed == vocabulary.end_id)
        return Corpus(listed, vocabulary, lists.bounds(ends, split), text.sha256)
    bounds = _bounds(text.length, split)
    if text.length <= IN_MEMORY:
        return Corpus(np.concatenate([*_encoded(text, vocabulary)]), vocabulary, bounds, text.sha256)
    path = cache.path_of(text.sha256, vocabulary)
    if cache.load(path, vocabulary, text.length) is None:
        cache.store(path, _encoded(text, vocabulary))
    ids = cache.load(path, vocabulary, text.length)
    if ids is None:
        raise TextError(
            f"{path}: the encoded text is not {text.length:,} characters long; did its source change meanwhile?"
        )
    return Corpus(ids, vocabulary, bounds, text.sha256, path)


def _read(documents: Sequence[Document], unit: Unit, encoding: str) -> Iterator[Any]:
    """The documents' pieces, with a newline after each but the last that lacks one."""
    newline = b"\n" if unit == "byte" else "\n"
    blank = {document.source: True for document in documents}
    for number, document in enumerate(documents, start=1):
        last: Any = None
        for piece in document.pieces() if unit == "byte" else characters(document, encoding):
            blank[document.source] &= piece.isspace()
            yield piece
            last = piece
        if number < len(documents) and not (last and last.endswith(newline)):
            yield newline
    _refuse_blank(blank)


def _of_documents(files: Sequence[Document], encoding: str, boundary: str) -> Text:
    contents: list[str] = []
    blank = {file.source: True for file in files}
    for file in files:
        pieces, room = [], IN_MEMORY - sum(map(len, contents))
        for piece in characters(file, encoding):
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


def _bounds(length: int, split: Sequence[float]) -> tuple[int, int, int, int]:
    train, valid, test = split
    # The rounding undoes binary fractions (0.9 + 0.1 - 0.05 ...) before the floor sees them.
    first, second = int(round(length * train, 6)), int(round(length * (train + valid), 6))
    bounds = (0, first, length if test == 0 else second, length)
    sizes = [end - start for start, end in pairwise(bounds)]
    if any(share > 0 and size < SHORTEST_SPLIT for share, size in zip(split, sizes, strict=True)):
        found = ", ".join(f"{name} {size}" for name, size in zip(SPLITS, sizes, strict=True))
        raise TextError(
            f"the text is too short: {length} characters split as {list(split)} give {found}; "
            f"each split needs at least {SHORTEST_SPLIT} characters: add text, or change data.split"
        )
    return bounds
