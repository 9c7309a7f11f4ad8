"""Where characters begin in bytes of UTF-8, and which bytes belong to no character."""

import numpy as np
from numpy.typing import NDArray

MAX_CHARACTER_BYTES = 4
# Bytes of a character, by its first byte.
LENGTHS = np.repeat(np.array([1, 2, 3, 4, 1], np.intp), [0xC2, 0xE0 - 0xC2, 0xF0 - 0xE0, 0xF5 - 0xF0, 0x100 - 0xF5])
MIN_CHARACTERS_PER_STRAY = 100  # with so few stray bytes, a text is UTF-8 with some damage


def character_starts(data: bytes) -> NDArray[np.intp]:
    """Where the characters of UTF-8 begin, (n,). A stray byte counts as a character, as in a decoder."""
    values = np.frombuffer(data, np.uint8)
    places = np.arange(len(values))
    # For each byte, the last one up to it that can begin a character; a byte too far after that is a stray.
    begins = np.maximum.accumulate(np.where(values & 0xC0 != 0x80, places, -1))
    since = places - begins
    return np.flatnonzero((since == 0) | (begins < 0) | (since >= LENGTHS[values[begins]]))


def count_characters(values: NDArray[np.uint8], before: NDArray[np.uint8]) -> int:
    """How many characters begin in the bytes of k texts side by side, (k, n); `before`, (k, m), are the bytes before
    them.
    """
    m, rows = before.shape[1], np.concatenate([before, values], axis=1)
    return sum(int(np.count_nonzero(character_starts(row.tobytes()) >= m)) for row in rows)


def count_strays(values: NDArray[np.uint8]) -> int:
    """How many bytes of k texts side by side, (k, n), are strays or NULs."""
    found = 0
    for row in values:
        starts = character_starts(row.tobytes())
        first, sizes = row[starts], np.diff(starts, append=len(row))
        found += int(np.count_nonzero((first == 0) | ((first >= 0x80) & (sizes == 1))))
    return found


def stray_byte_notes(strays: int, characters: int) -> tuple[str, ...]:
    """A note on a count of characters, if too many of them are stray bytes."""
    if strays * MIN_CHARACTERS_PER_STRAY <= characters:
        return ()
    return (
        f"{strays:,} of these characters are bytes that are not UTF-8: of a text in another encoding the number of characters, and bits per character, are wrong",
    )


def whole_length(data: bytes, length: int) -> int:
    """At most `length`: how many bytes to keep so that no character is cut in two."""
    if length >= len(data):
        return len(data)
    starts = character_starts(data[: length + 1])  # with the next byte: does it begin a character?
    return int(starts[-1]) or length


def decode_character(data: bytes) -> str:
    """The character with these bytes in UTF-8; U+FFFD for strays."""
    character = data.decode("utf-8", "replace")
    return character if len(character) == 1 else "\ufffd"
