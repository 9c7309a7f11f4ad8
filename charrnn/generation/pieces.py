"""From ids to pieces of text that can be shown: whole characters, also where the ids are bytes."""

import codecs
from collections.abc import Iterable, Iterator

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

    def rest(self) -> str:
        """What is left at the end: U+FFFD for a character that was cut in two."""
        return "" if self._bytes is None else self._bytes.decode(b"", final=True)


def pieces(vocabulary: Vocabulary, scored: Iterable[tuple[int, float]]) -> Iterator[Piece]:
    """The characters of ids with their surprisals. Characters that only come at once, after bytes that are not UTF-8, share one."""
    decoder, surprisal = Decoder(vocabulary), 0.0
    for index, more in scored:
        surprisal += more
        if text := decoder.read(index):
            yield from ((character, surprisal / len(text)) for character in text)
            surprisal = 0.0
    yield from ((character, surprisal) for character in decoder.rest())
