"""From ids to pieces of text that can be shown: whole characters, also where the ids are bytes.

Bytes that are no UTF-8 are U+FFFD. The first bytes of a character after which the text ends are left out: they are no text yet.
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
        """The text that is whole with this id: nothing amid the bytes of a character, U+FFFD for what is not UTF-8."""
        return self._symbols[index] if self._bytes is None else self._bytes.decode(bytes([index]))

    @property
    def held(self) -> int:
        """How many of the last ids are the first bytes of a character whose others are still to come."""
        return 0 if self._bytes is None else len(self._bytes.getstate()[0])


def whole(vocabulary: Vocabulary, ids: Sequence[int]) -> int:
    """How many of the ids are of whole characters: all but the first bytes of a last one whose others never came."""
    decoder = Decoder(vocabulary)
    for index in ids[-MAX_CHARACTER_BYTES:]:
        decoder.read(index)
    return len(ids) - decoder.held


def pieces(vocabulary: Vocabulary, scored: Iterable[tuple[int, float]]) -> Iterator[Piece]:
    """The characters of ids with their surprisals, without one that is cut at the end. Characters that only come at once, after
    bytes that are not UTF-8, share one.
    """
    decoder, waiting = Decoder(vocabulary), list[float]()
    for index, surprisal in scored:
        waiting.append(surprisal)
        if text := decoder.read(index):
            own = len(waiting) - decoder.held
            share = sum(waiting[:own]) / len(text)
            waiting = waiting[own:]
            yield from ((character, share) for character in text)
