"""A text made ready for training: ids, vocabulary, contiguous splits, content hash."""

import codecs
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import AnyStr

from charrnn.errors import TextError
from charrnn.text import source
from charrnn.text.vocabulary import Ids, Unit, Vocabulary, describe

SPLITS = ("train", "valid", "test")
SHORTEST_SPLIT = 2  # one character to read and one to predict


@dataclass(frozen=True)
class Corpus:
    """Ids of the whole text, (characters,), and where it is cut: train, valid, test, in this order."""

    ids: Ids
    vocabulary: Vocabulary
    bounds: tuple[int, int, int, int]
    sha256: str

    def split(self, name: str) -> Ids:
        """The ids of one split, (its length,), a view; empty where the split has no share."""
        index = SPLITS.index(name)
        return self.ids[self.bounds[index] : self.bounds[index + 1]]


@dataclass(frozen=True)
class Text:
    """What the sources hold: characters, or for the byte unit raw bytes; and its SHA-256."""

    content: str | bytes
    sha256: str

    def vocabulary(self, min_count: int) -> Vocabulary:
        """The vocabulary of this text; see Vocabulary.of_text."""
        if isinstance(self.content, bytes):
            return Vocabulary.of_bytes()
        return Vocabulary.of_text(self.content, min_count)


def read_text(sources: Sequence[str], unit: Unit = "char", encoding: str = "utf-8") -> Text:
    """Read the sources one after the other; a file that lacks its last newline gets one before the next begins.

    Raises TextError as `source.gather` and `source.decode` do.
    """
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    documents = source.gather(sources, binary=unit == "byte" or wide)
    if unit == "byte":
        data = b"".join(_ended(document.data, b"\n") for document in documents[:-1]) + documents[-1].data
        return Text(data, hashlib.sha256(data).hexdigest())
    texts = [source.decode(document, encoding) for document in documents]
    content = "".join(_ended(text, "\n") for text in texts[:-1]) + texts[-1]
    try:
        return Text(content, hashlib.sha256(content.encode()).hexdigest())
    except UnicodeEncodeError as error:
        raise TextError(
            f"character {error.start:,} of the text is {describe(content[error.start])}, half of a surrogate pair"
        ) from None


def build(text: Text, vocabulary: Vocabulary, split: Sequence[float]) -> Corpus:
    """Encode `text` and cut it; `split` holds the shares of train, valid and test.

    Raises TextError when a split that has a share gets fewer than two characters, and VocabularyError
    when the text holds a character that the vocabulary does not.
    """
    content = text.content
    ids = vocabulary.encode_bytes(content) if isinstance(content, bytes) else vocabulary.encode(content)
    return Corpus(ids, vocabulary, _bounds(len(ids), split), text.sha256)


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


def _ended(content: AnyStr, newline: AnyStr) -> AnyStr:
    return content if content.endswith(newline) else content + newline
