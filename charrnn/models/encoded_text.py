"""A text as blocks of ids, for models to read: a split of the text that a run was trained on, or any other text.

A text is read after Vocabulary.begin_id, so that every command reads it from the same state. A split, which is cut out
of a text, is read from its own first character; nothing predicts that one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.config.data import Data
from charrnn.errors import TextError
from charrnn.ngram.order_selection import MAX_ORDER
from charrnn.text import documents
from charrnn.text.characters.unit_names import Unit
from charrnn.text.characters.utf_8 import whole_length
from charrnn.text.corpus import Corpus
from charrnn.text.positions import NO_PLACES, Places
from charrnn.text.reading.source_reader import Piece
from charrnn.text.source_text import SourceText
from charrnn.text.vocabulary import END, UNKNOWN, Ids, Vocabulary, describe
from charrnn.training.surprisal import BLOCK


@dataclass(frozen=True)
class Block:
    """The next characters of k texts that are read side by side."""

    ids: Ids  # (k, n)
    unknown: NDArray[np.bool_]  # (k, n) True where the vocabulary lacks the character and another id replaces it
    utf_8: float  # bytes of the characters that are charged; the first of a split is not
    characters: Sequence[str] | bytes = ()  # those after `unseen`; empty for a split
    unseen: int = 0  # 1 if the first id is not a character of the text but what it begins after
    starts: Places = NO_PLACES  # which characters or bytes begin a file or a document, if that is known


@dataclass(frozen=True)
class EncodedText:
    """A text for models to read, any number of times; if its length is not known, only once."""

    characters: int | None
    blocks: Callable[[], Iterator[Block]]
    content: Callable[[], bytes] | None  # in UTF-8, the end of a document as a line break; None if it is read only once
    before: Ids | None = None  # (k, c) the characters before each text, as context for n-grams
    split: str | None = None  # its name, if the text is a split: then its first character is not charged
    files: tuple[str, ...] = ()  # the names of its files
    notes: tuple[str, ...] = ()  # what to report about its sources


def from_split(corpus: Corpus, name: str) -> EncodedText:
    """The slices of one split, side by side."""
    slices = corpus.slices(name)
    return EncodedText(
        slices.size,
        lambda: _blocks(corpus, slices),
        lambda: decode_text(corpus.vocabulary, slices.reshape(-1)),
        corpus.before(name, MAX_ORDER - 1),
        name,
    )


def from_text(text: SourceText, vocabulary: Vocabulary, data: Data) -> EncodedText:
    """Any text; for a model of documents, cut at the boundary in `data`, if it has one. Raises TextError if there are no documents."""
    if vocabulary.end_id is None:
        return EncodedText(
            text.length,
            lambda: from_pieces(text.pieces(), vocabulary),
            lambda: b"".join(_to_utf_8(piece) for piece in text.pieces()),
            files=text.files,
            notes=text.notes,
        )
    listed, starts = text.documents, text.starts
    if listed is None:
        found = documents.split_documents([text.content], data.boundary or documents.FILE)
        listed, starts = found.documents, found.starts
    block = replace(_from_documents(listed, vocabulary), starts=starts.shift(-1))  # the first end is not seen
    content = "\n".join(["", *listed, ""]).encode
    return EncodedText(block.ids.size, lambda: iter([block]), content, files=text.files, notes=text.notes)


def in_unit(text: str | bytes, unit: Unit) -> Any:
    """A text in memory as a model of this unit reads it: a str in UTF-8 for bytes. Raises TextError for bytes where
    characters are read, for half of a surrogate pair there, and for what is no text.
    """
    if not isinstance(text, str | bytes):
        raise TextError(f"a text must be a str or bytes; found {type(text).__name__}")
    if unit == "byte":
        return _to_utf_8(text)
    if isinstance(text, bytes):
        raise TextError("the model reads characters, and was given bytes; decode them: text.decode()")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"{describe(text[error.start])}, half of a surrogate pair, is not a character"
        raise TextError(f"character {error.start + 1:,}: {half}") from None
    return text


def from_stream(
    pieces: Iterator[Piece], vocabulary: Vocabulary, files: tuple[str, ...] = (), notes: tuple[str, ...] = ()
) -> EncodedText:
    """A text that is read once, in pieces as they arrive; no block has characters of two files."""
    return EncodedText(None, lambda: _stream_blocks(pieces, vocabulary), None, files=files, notes=notes)


def from_pieces(pieces: Iterable[str | bytes], vocabulary: Vocabulary) -> Iterator[Block]:
    """The blocks of a text in pieces of any length."""
    for number, piece in enumerate(filter(len, pieces)):
        yield _from_piece(piece, vocabulary, number == 0)


def _stream_blocks(pieces: Iterator[Piece], vocabulary: Vocabulary) -> Iterator[Block]:
    last = None
    for file, piece in pieces:
        if len(piece):
            block = _from_piece(piece, vocabulary, last is None)
            starts = NO_PLACES if file == last else Places.from_sequences([0], [file], [1], [1])
            yield replace(block, starts=starts)
            last = file


def _from_piece(piece: str | bytes, vocabulary: Vocabulary, is_first: bool) -> Block:
    ids, unknown = vocabulary.read(piece)
    before = np.array([vocabulary.begin_id] if is_first and vocabulary.begin_id is not None else [], ids.dtype)
    ids, unknown = np.append(before, ids), np.append(np.zeros(len(before), np.bool_), unknown)
    return Block(ids[np.newaxis], unknown[np.newaxis], len(_to_utf_8(piece)), piece, len(before))


def from_ids(ids: Ids, vocabulary: Vocabulary, starts: Places = NO_PLACES) -> Block:
    """A part of an encoded text, (n,), of documents with the end before it; what shares a symbol is U+FFFD."""
    symbols = [symbol or "\ufffd" for symbol in vocabulary.symbols]
    unseen = int(vocabulary.end_id is not None)
    characters = ids.tobytes() if vocabulary.unit == "byte" else [symbols[index] for index in ids[unseen:]]
    return Block(ids[np.newaxis], np.zeros((1, len(ids)), np.bool_), 0.0, characters, unseen, starts)


def take(blocks: Iterable[Block], length: int) -> tuple[Block, bool]:
    """The first `length` characters of one text as one block, and whether the text goes on. Of bytes, only whole
    characters.

    Raises TextError if the text is empty.
    """
    taken: list[Block] = []
    found = 0
    for block in blocks:
        taken.append(block)
        found += block.ids.size - block.unseen
        if found > length:
            break
    if not taken:
        raise TextError("a text to be read needs at least 1 character; found 0")
    unseen = taken[0].unseen
    ids, unknown = (np.concatenate(parts, axis=1) for parts in zip(*((b.ids, b.unknown) for b in taken), strict=True))
    before = np.cumsum([0, *(block.ids.size - block.unseen for block in taken)])
    starts = Places.concatenate(block.starts.shift(int(by)) for block, by in zip(taken, before, strict=False))
    characters = _concatenate([block.characters for block in taken])
    if isinstance(characters, bytes):
        length = whole_length(characters, length)
    stop = unseen + length
    block = Block(ids[:, :stop], unknown[:, :stop], 0.0, characters[:length], unseen, starts.part(0, length))
    return block, found > length


def _concatenate(parts: Sequence[Sequence[str] | bytes]) -> Sequence[str] | bytes:
    whole = b"".join(part for part in parts if isinstance(part, bytes))
    return whole or [str(character) for part in parts for character in part]


def _from_documents(listed: Sequence[str], vocabulary: Vocabulary) -> Block:
    """All documents, from the end before the first to the end after the last; each end counts as one byte."""
    joined, places = "".join(listed), documents.end_places(listed)
    ids, unknown = vocabulary.read(joined)
    end = np.asarray(vocabulary.end_id, ids.dtype)
    characters = [character for document in listed for character in (*document, END)]
    whole, missing = np.insert(ids, places, end), np.insert(unknown, places, False)
    return Block(whole[np.newaxis], missing[np.newaxis], len(_to_utf_8(joined)) + len(listed), characters, unseen=1)


def decode_text(vocabulary: Vocabulary, ids: Ids) -> bytes:
    """The text of ids, (n,), in UTF-8, with a line break for the end of a document; bytes as they are."""
    if vocabulary.unit == "byte":
        return ids.tobytes()
    ends = np.flatnonzero(ids == vocabulary.end_id)  # none where it is None
    return "\n".join(map(vocabulary.decode, np.split(ids, ends))).encode()


def _blocks(corpus: Corpus, slices: Ids) -> Iterator[Block]:
    vocabulary = corpus.vocabulary
    is_unknown = np.array([symbol == UNKNOWN for symbol in vocabulary.symbols])
    lengths = np.where(is_unknown, corpus.unknown_length, vocabulary.utf_8_lengths)
    for start in range(0, slices.shape[1], BLOCK):
        ids = slices[:, start : start + BLOCK]
        charged = ids[:, 1:] if start == 0 else ids
        yield Block(ids, np.zeros(ids.shape, np.bool_), float(lengths[charged].sum()))


def _to_utf_8(piece: str | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogatepass")
