"""From ids to pieces of text that can be shown: whole characters, also if the ids are bytes.

Bytes that are not UTF-8 become U+FFFD. If the text ends within a character, the first bytes of that character are left
out.
"""

import codecs
from collections.abc import Iterable, Iterator, Sequence

from charrnn.text.characters.utf_8 import MAX_CHARACTER_BYTES
from charrnn.text.vocabulary import END, Vocabulary

Piece = tuple[str, float]
"""A character and its surprisal in nats: for bytes, the sum over those of the character."""


class Decoder:
    """Reads one id after another."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._symbols = ["" if symbol == END else symbol for symbol in vocabulary.symbols]
        self._bytes = codecs.getincrementaldecoder("utf-8")("replace") if vocabulary.unit == "byte" else None

    def read(self, index: int) -> str:
        """The text that this id completes: nothing within the bytes of a character, U+FFFD for what is not UTF-8."""
        return self._symbols[index] if self._bytes is None else self._bytes.decode(bytes([index]))

    @property
    def pending(self) -> int:
        """The number of last ids that are the first bytes of an incomplete character."""
        return 0 if self._bytes is None else len(self._bytes.getstate()[0])


def count_whole(vocabulary: Vocabulary, ids: Sequence[int]) -> int:
    """The number of ids that belong to whole characters: all but the bytes of an incomplete last one."""
    decoder = Decoder(vocabulary)
    for index in ids[-MAX_CHARACTER_BYTES:]:
        decoder.read(index)
    return len(ids) - decoder.pending


def pieces(vocabulary: Vocabulary, scored: Iterable[tuple[int, float]]) -> Iterator[Piece]:
    """The characters of ids with their surprisals, without an incomplete last one. Bytes that are not UTF-8 may
    complete several characters at once: these share their surprisal equally.
    """
    decoder, waiting = Decoder(vocabulary), list[float]()
    for index, surprisal in scored:
        waiting.append(surprisal)
        if text := decoder.read(index):
            own = len(waiting) - decoder.pending
            share = sum(waiting[:own]) / len(text)
            waiting = waiting[own:]
            yield from ((character, share) for character in text)
