"""A text ready for training: ids, vocabulary, splits, SHA-256."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charrnn.errors import TextError
from charrnn.text import cache, documents, source_text
from charrnn.text.characters.unit_names import amount
from charrnn.text.source_text import SourceText
from charrnn.text.splits import SPLITS, Cuts, Split
from charrnn.text.vocabulary import Ids, Vocabulary


@dataclass(frozen=True)
class Corpus:
    """The ids of a whole text, (characters,), and where it is cut; see splits.py.

    Each split of a list of documents begins and ends with an end; neighbours share the one between them.
    """

    ids: Ids
    vocabulary: Vocabulary
    cuts: Cuts
    sha256: str
    path: Path | None = None  # the file that holds the ids of a long text
    unknown_length: float = 0.0  # mean bytes of UTF-8 of the rare characters that share one symbol

    def slices(self, name: str) -> Ids:
        """The ids of one split, (slices, length of each), a view: each slice is a stretch of the text. Empty without a
        share.
        """
        index = SPLITS.index(name)
        start, end = self.cuts.bounds[index : index + 2]
        with_its_end = self.vocabulary.end_id is not None and start < end
        return self._side_by_side[:, start : end + with_its_end]

    def before(self, name: str, characters: int) -> Ids:
        """The ids before each slice of a split, (slices, at most `characters`), a view."""
        start = self.cuts.bounds[SPLITS.index(name)]
        return self._side_by_side[:, max(0, start - characters) : start]

    def split(self, name: str) -> Ids:
        """The ids of one split, (its length,), slice after slice: a view of one slice, a copy of several."""
        return self.slices(name).reshape(-1)

    @property
    def _side_by_side(self) -> Ids:
        return self.ids[: self.cuts.slices * self.cuts.length].reshape(self.cuts.slices, self.cuts.length)


def build(text: SourceText, vocabulary: Vocabulary, split: Split) -> Corpus:
    """Encode a text and cut it; a list of documents is cut between two of them.

    Raises TextError for a text that is too short, or that changed since it was measured, and VocabularyError for a
    character that is not in the vocabulary.
    """
    path = None
    if text.documents is not None:
        ids = documents.encode(text.documents, vocabulary)
        try:
            cuts = cut(ids, vocabulary, split)
        except TextError as error:
            raise TextError("; ".join([*text.notes, str(error)])) from None
    else:
        cuts = split.cut(text.length, text.unit)
        if text.length <= source_text.IN_MEMORY:
            ids = np.concatenate([*_encode(text, vocabulary)])
        else:
            path, ids = cache.ids_path(text.sha256, vocabulary), _cached_ids(text, vocabulary)
    return Corpus(ids, vocabulary, cuts, text.sha256, path, _unknown_length(text, vocabulary))


def cut(ids: Ids, vocabulary: Vocabulary, split: Split) -> Cuts:
    """Cut an encoded text. Raises TextError if it is too short."""
    if vocabulary.end_id is None:
        return split.cut(len(ids), vocabulary.unit)
    return documents.cut(np.flatnonzero(ids == vocabulary.end_id), split)


def _cached_ids(text: SourceText, vocabulary: Vocabulary) -> Ids:
    what = f"a text of more than {source_text.IN_MEMORY:,} characters"
    ids = cache.load(text.sha256, vocabulary, text.length, what)
    if ids is None:
        cache.store(text.sha256, vocabulary, _encode(text, vocabulary), what)
        ids = cache.load(text.sha256, vocabulary, text.length, what)
    if ids is None:
        raise TextError(
            f"{cache.ids_path(text.sha256, vocabulary)}: the encoded text is not {amount(text.length, text.unit)} long; "
            "did its source change meanwhile?"
        )
    return ids


def _encode(text: SourceText, vocabulary: Vocabulary) -> Iterator[Ids]:
    """Encode piece by piece. Raises TextError if the text is no longer the one that was measured."""
    sha256, position = hashlib.sha256(), 0
    for piece in text.pieces():
        is_bytes = isinstance(piece, bytes)
        sha256.update(piece if is_bytes else piece.encode("utf-8", "surrogatepass"))
        yield vocabulary.encode_bytes(piece) if is_bytes else vocabulary.encode(piece, position)
        position += len(piece)
        if position > text.length:  # it may grow without end
            break
    if sha256.hexdigest() != text.sha256:
        raise TextError("the text changed while it was read; start again when nothing writes to it any more")


def _unknown_length(text: SourceText, vocabulary: Vocabulary) -> float:
    if vocabulary.unknown_id is None:
        return 0.0
    points = [point for point in np.flatnonzero(text.counts).tolist() if chr(point) not in vocabulary.characters]
    lengths = [len(chr(point).encode()) for point in points]
    return float(np.average(lengths, weights=text.counts[points])) if points else 0.0
