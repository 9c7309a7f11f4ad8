"""Characters (Unicode code points) or bytes <-> ids.

The symbols are in code-point order, so that the same set of characters always has the same ids. A vocabulary of
characters may end with the unknown symbol, written "" (no character is empty), for every character that was too rare to
keep. A list of documents has one more symbol, last, "<end>": the end of a document, which is never written as text. A
vocabulary of bytes is always the 256 bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import VocabularyError
from charrnn.text.characters.printable import quote
from charrnn.text.characters.unit_names import Unit

Ids = NDArray[np.unsignedinteger]
UNKNOWN = ""
END = "<end>"
MAX_NAMED = 20  # unknown characters in a message
MAX_SHOWN = 200  # known characters in a message
NO_ID = 255  # in a table of bytes
MAX_SYMBOLS = 1 << 18  # symbols: Unicode has assigned some 160,000 characters


@dataclass(frozen=True)
class Vocabulary:
    """`symbols` in id order: single characters, "" for the unknown symbol, "<end>" for a document's end; for bytes, the
    256 characters of Latin-1.

    Raises VocabularyError for symbols that cannot be a vocabulary.
    """

    symbols: tuple[str, ...]
    unit: Unit = "char"

    def __post_init__(self) -> None:
        characters = self.symbols[:-1] if self.symbols[-1:] == (END,) else self.symbols
        known = [symbol for symbol in characters if symbol != UNKNOWN]
        if len(set(self.symbols)) != len(self.symbols) or any(len(symbol) != 1 for symbol in known):
            raise VocabularyError("a vocabulary must be a list of single, different characters")
        if self.unit == "byte" and self.symbols != BYTES:
            raise VocabularyError("a byte vocabulary must be the 256 bytes in order")
        if len(self.symbols) > MAX_SYMBOLS:
            raise VocabularyError(
                f"{len(self.symbols):,} different characters are more than a vocabulary may have, {MAX_SYMBOLS:,}; is this text? "
                "data.min_count lets rare ones share a symbol, data.unit=byte reads bytes"
            )
        if not known:
            raise VocabularyError("a vocabulary needs at least one character")

    @classmethod
    def from_text(cls, text: str, min_count: int = 1) -> "Vocabulary":
        """The vocabulary of a text in memory; see `from_counts`."""
        return cls.from_counts(np.bincount(code_points(text)), min_count)

    @classmethod
    def from_counts(cls, counts: NDArray[np.intp], min_count: int = 1, ends: bool = False) -> "Vocabulary":
        """The characters that occur at least `min_count` times; rarer ones share the unknown symbol. `ends`: add the
        end of a document.

        `counts`, (highest + 1,): how often each code point occurs. Raises VocabularyError if none is that frequent.
        """
        kept = np.flatnonzero(counts >= max(min_count, 1))
        if not len(kept):
            raise VocabularyError(
                f"data.min_count={min_count}: no character occurs that often; the most frequent has {counts.max(initial=0):,}"
            )
        some_are_rare = len(kept) < np.count_nonzero(counts)
        return cls((*map(chr, kept), *([UNKNOWN] if some_are_rare else []), *([END] if ends else [])))

    @classmethod
    def from_bytes(cls) -> "Vocabulary":
        """The 256 bytes."""
        return cls(BYTES, unit="byte")

    def union(self, other: "Vocabulary") -> "Vocabulary":
        """The symbols of both: characters in code-point order, then the special symbols.

        Raises VocabularyError if one is of characters and the other of bytes.
        """
        if self.unit != other.unit:
            raise VocabularyError(f"a vocabulary of unit {self.unit} cannot take in one of unit {other.unit}")
        both = {*self.symbols, *other.symbols}
        return Vocabulary(tuple(sorted(both, key=lambda symbol: (len(symbol) != 1, symbol))), self.unit)

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger]:
        """The smallest unsigned type that holds an id."""
        return np.min_scalar_type(len(self) - 1)

    @cached_property
    def characters(self) -> frozenset[str]:
        """The characters, without the special symbols."""
        return frozenset(self.symbols) - {UNKNOWN, END}

    @cached_property
    def unknown_id(self) -> int | None:
        """The id of the unknown symbol; None if every character was kept."""
        return self.symbols.index(UNKNOWN) if UNKNOWN in self.symbols else None

    @cached_property
    def end_id(self) -> int | None:
        """The id of a document's end; None if the text is not a list of documents."""
        return len(self) - 1 if self.symbols[-1] == END else None

    @cached_property
    def begin_id(self) -> int | None:
        """The id that is read before every text, and neither shown nor scored: the end of a document for a model of
        documents, otherwise a line break, since a text file begins at the start of a line.

        None if the vocabulary has neither: then the first character is a blind guess among all symbols. Every command
        begins to read or write so; only a split, which is cut out of a text, is read from its own first character on.
        """
        line_break = self.symbols.index("\n") if "\n" in self.symbols else None
        return line_break if self.end_id is None else self.end_id

    def encode(self, text: str, position: int = 0) -> Ids:
        """The ids of a text, (len(text),), or of its UTF-8 encoding for bytes.

        Without an unknown symbol, raises one VocabularyError for all characters that are not known; `position` is that
        of the first character.
        """
        ids, unknown = self.read(text)
        if unknown.any():
            raise self._misfit(text, np.flatnonzero(unknown), position)
        return ids

    def read(self, text: str | bytes) -> tuple[Ids, NDArray[np.bool_]]:
        """The ids of any text, (n,), and which characters are unknown, (n,): these get the id of a space, or of the
        first symbol.
        """
        if isinstance(text, bytes) or self.unit == "byte":
            ids = self.encode_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
            return ids, np.zeros(len(ids), np.bool_)
        ids, unknown = self._look_up(text)
        if self.unknown_id is not None:
            ids, unknown = np.where(unknown, self.unknown_id, ids), np.zeros(len(ids), np.bool_)
        elif unknown.any():
            ids = np.where(unknown, self.symbols.index(" ") if " " in self.symbols else 0, ids)
        return ids.astype(self.dtype, copy=False), unknown

    @cached_property
    def utf_8_lengths(self) -> NDArray[np.intp]:
        """How many bytes each symbol has in UTF-8, (V,): the unknown symbol 0, a document's end 1, like a line break."""
        ones = set(self.symbols) if self.unit == "byte" else {END}
        return np.array([1 if symbol in ones else len(symbol.encode()) for symbol in self.symbols], np.intp)

    @staticmethod
    def encode_bytes(data: bytes) -> Ids:
        """The ids of raw bytes: the bytes themselves."""
        return np.frombuffer(data, np.uint8)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`. The unknown symbol and bytes that are not UTF-8 become U+FFFD; a document's end is left
        out.
        """
        if self.unit == "byte":
            return bytes(ids).decode("utf-8", "replace")
        return "".join(self.symbols[index] or "\ufffd" for index in ids if index != self.end_id)

    def _look_up(self, text: str) -> tuple[Ids, NDArray[np.bool_]]:
        """The ids of characters, (n,), and which are unknown, (n,); the ids of these mean nothing."""
        if self._latin_1 and text.isascii():  # several times as fast as the table
            ids = np.frombuffer(text.encode("ascii").translate(self._latin_1), np.uint8)
            return ids, ids == NO_ID
        ids = np.take(self._table, code_points(text), mode="clip")
        return ids, ids == len(self)

    @cached_property
    def _table(self) -> Ids:
        """Code point -> id, or len(self) for none; the last row is for all higher code points."""
        known = {index: symbol for index, symbol in enumerate(self.symbols) if symbol not in (UNKNOWN, END)}
        points = [*map(ord, known.values())]
        table = np.full(max(points) + 2, len(self), np.min_scalar_type(len(self)))
        table[points] = [*known]
        return table

    @cached_property
    def _latin_1(self) -> bytes:
        """The table for the first 256 code points as bytes, or NO_ID for none; empty if an id may be that high."""
        if len(self) >= NO_ID:
            return b""
        first = np.full(256, NO_ID, np.uint8)
        known = self._table[:256]
        first[: len(known)] = np.where(known == len(self), NO_ID, known)
        return first.tobytes()

    def _misfit(self, text: str, missing: NDArray[np.intp], position: int) -> VocabularyError:
        """The error for the characters at `missing`, with those that are known."""
        _, first = np.unique(code_points(text)[missing], return_index=True)
        places = sorted(missing[first].tolist())
        named = _join([f"{describe(text[place])} at character {position + place + 1:,}" for place in places])
        verb = "is" if len(places) == 1 else "are"
        known = [symbol for symbol in self.symbols if symbol in self.characters]
        shown = "".join(quote(symbol)[1:-1] for symbol in known[:MAX_SHOWN])
        more = len(known) - MAX_SHOWN
        rest = f" and {more:,} more; in Python, charrnn.load(RUN).vocabulary.symbols has them all" if more > 0 else ""
        return VocabularyError(
            f"{named} {verb} not among the {len(known):,} characters that the model knows: {shown}{rest}"
        )


BYTES = tuple(map(chr, range(256)))


def describe(character: str) -> str:
    """A character for a message: itself if it can be seen, and its code point."""
    return f"{quote(character)} (U+{ord(character):04X})"


def list_characters(characters: Iterable[str]) -> str:
    """Characters for a message, each once, in their order."""
    return _join([describe(character) for character in dict.fromkeys(characters)])


def _join(named: Sequence[str]) -> str:
    """The first MAX_NAMED, with commas and an `and`."""
    shown = [*named[:MAX_NAMED], f"{len(named) - MAX_NAMED:,} more"] if len(named) > MAX_NAMED else named
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def code_points(text: str) -> NDArray[np.unsignedinteger]:
    """The code points of a text, (len(text),)."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
