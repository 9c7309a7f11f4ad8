"""A document's bytes turned into characters, piece by piece, so that a text of any size fits into memory.

A byte order mark is dropped and CRLF becomes LF. What does not fit is told with its byte offset and line.
"""

import codecs
from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.text.source import BINARY_PROBE, Document

# Bytes of a character of UTF-8, by its first byte.
LENGTHS = np.repeat(np.array([1, 2, 3, 4, 1], np.intp), [0xC2, 0xE0 - 0xC2, 0xF0 - 0xE0, 0xF5 - 0xF0, 0x100 - 0xF5])


def characters(document: Document, encoding: str = "utf-8") -> Iterator[str]:
    """The document's characters in pieces, none empty.

    Raises TextError with the byte offset and the line of the first byte that is not `encoding`, for a binary file (one
    that holds a NUL character), and where the document cannot be read.
    """
    held = ""  # a CR that may be half of a line's end
    first = True
    for piece in _decoded(document, encoding):
        text = held + (piece.removeprefix("\ufeff") if first else piece)
        held = "\r" if text.endswith("\r") else ""
        text = text[: len(text) - len(held)].replace("\r\n", "\n")
        first = False
        if text:
            yield text
    if held:
        yield held


def character_starts(data: bytes) -> NDArray[np.intp]:
    """Where the characters of UTF-8 begin, (n,). A byte that continues no character is one by itself, as a decoder has it."""
    values = np.frombuffer(data, np.uint8)
    places = np.arange(len(values))
    # The last byte up to each that can begin a character; a byte too far behind it continues nothing.
    begins = np.maximum.accumulate(np.where(values & 0xC0 != 0x80, places, -1))
    since = places - begins
    return np.flatnonzero((since == 0) | (begins < 0) | (since >= LENGTHS[values[begins]]))


def count_characters(values: NDArray[np.uint8], before: NDArray[np.uint8]) -> int:
    """How many characters begin in the bytes of some texts side by side, (k, n); `before`, (k, m), are those before them."""
    m, rows = before.shape[1], np.concatenate([before, values], axis=1)
    return sum(int(np.count_nonzero(character_starts(row.tobytes()) >= m)) for row in rows)


def whole_length(data: bytes, length: int) -> int:
    """How many of the first `length` bytes to keep so that no character is cut in two."""
    if length >= len(data):
        return len(data)
    starts = character_starts(data[: length + 1])  # with the next byte: does it begin a character?
    return int(starts[-1]) or length


def decode_character(data: bytes) -> str:
    """The character of UTF-8 whose bytes these are; U+FFFD where they are none."""
    character = data.decode("utf-8", "replace")
    return character if len(character) == 1 else "\ufffd"


def _decoded(document: Document, encoding: str) -> Iterator[str]:
    """The pieces as the decoder gives them, checked for NULs."""
    decoder = codecs.getincrementaldecoder(encoding)()
    before, lines, head = 0, 0, b""
    for data in chain(document.pieces(), [b""]):
        head = head or data[:BINARY_PROBE]
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            if b"\0" in head:
                raise _binary(document.name, head, head.find(b"\0")) from None
            place, newlines = before - pending + error.start, lines + error.object.count(b"\n", 0, error.start)
            raise _misfit(document.name, encoding, error, place, newlines + 1) from None
        except UnicodeError as error:  # UTF-16 and UTF-32 complain of a missing mark this way
            raise TextError(f"{document.name}: cannot be read as {encoding}: {error}") from None
        if "\0" in text:
            raise _binary(document.name, head, before + data.find(b"\0") if b"\0" in data else None)
        before, lines = before + len(data), lines + data.count(b"\n")
        if text:
            yield text


def _misfit(name: str, encoding: str, error: UnicodeDecodeError, place: int, line: int) -> TextError:
    found = error.object[error.start : error.start + 1].hex()
    return TextError(
        f"{name}: byte 0x{found} at offset {place:,} (line {line:,}) is not {encoding}: {error.reason}; "
        "say what it is with -s data.encoding=NAME (for example latin-1, cp1252, utf-16), "
        "or read it as bytes with -s data.unit=byte"
    )


def _binary(name: str, head: bytes, place: int | None) -> TextError:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return TextError(f"{name}: begins like UTF-16; say so with -s data.encoding=utf-16")
    where = "after decoding" if place is None else f"at byte {place:,}"
    return TextError(
        f"{name}: looks binary (a NUL {where}), not text; to train on raw bytes all the same, use -s data.unit=byte"
    )
