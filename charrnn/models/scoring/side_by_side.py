"""Many texts scored side by side, those of about the same length in one batch.

The shorter ones of a batch are padded; what is read after the end of a text is not counted.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from charrnn.errors import OUTPUT_NOT_FINITE, DivergedError
from charrnn.models.mixture.components import Component, scorers
from charrnn.models.mixture.scorer_mixture import mix
from charrnn.models.scoring.scoring import UNKNOWN_COST, ScoredText, as_characters, with_first
from charrnn.network.arrays import Array
from charrnn.text.documents import FILE, only_documents
from charrnn.text.vocabulary import END, Ids, Vocabulary
from charrnn.training.surprisal import BLOCK, STREAMS

BATCH = 1 << 14  # characters with the padding; a longer text is read alone, as parallel streams


class ScoredTexts(list[ScoredText]):
    """The scores of several texts, in their order."""

    @property
    def nats(self) -> Array:
        """The surprisal of each whole text, (n,), in nats: -ln of its probability."""
        return np.array([each.nats for each in self], np.float64)


def score_texts(
    components: Sequence[Component],
    weights: Sequence[float],
    vocabulary: Vocabulary,
    texts: Sequence[Any],
    boundary: str | None,
    score: Callable[[Any], ScoredText],
) -> ScoredTexts:
    """Score texts, str or, for a byte model, bytes: side by side, but those that are empty or, for a model of
    documents, cut at the `boundary` into several, which `score` gets.
    """
    whole = texts if vocabulary.end_id is None else only_documents(texts, boundary or FILE)
    found = iter(score_whole(components, weights, vocabulary, [text for text in whole if text]))
    return ScoredTexts(next(found) if one else score(text) for one, text in zip(whole, texts, strict=True))


def score_whole(
    components: Sequence[Component], weights: Sequence[float], vocabulary: Vocabulary, texts: Sequence[Any]
) -> Iterator[ScoredText]:
    """Score texts of at least 1 character, for a model of documents each a document, with all components together;
    each is read from its beginning. Raises DivergedError if a surprisal is not finite.
    """
    found: dict[int, Array] = {}
    begin, end = vocabulary.begin_id is not None, vocabulary.end_id is not None
    for batch in _batches([*map(len, texts)]):
        read = [vocabulary.read(texts[index]) for index in batch]
        lengths = np.array([len(ids) for ids, _ in read])
        # A document ends with what it begins after; this is the padding, too.
        ids = np.full((len(batch), begin + lengths[-1] + end), vocabulary.begin_id or 0, vocabulary.dtype)
        own = np.arange(lengths[-1]) < lengths[:, np.newaxis]
        ids[:, begin : begin + lengths[-1]][own] = np.concatenate([ids for ids, _ in read])
        surprisals = _surprisals(components, weights, ids, lengths + begin + end)
        if not begin:
            surprisals = with_first(surprisals, len(vocabulary))
        unknown = np.zeros(surprisals.shape, np.bool_)
        unknown[:, : lengths[-1]][own] = np.concatenate([missing for _, missing in read])
        surprisals[unknown] = UNKNOWN_COST
        found |= {index: row[: n + end] for index, row, n in zip(batch, surprisals, lengths.tolist(), strict=True)}
    for index, text in enumerate(texts):
        if vocabulary.unit == "byte":
            yield as_characters(text, found[index])
        else:
            yield ScoredText([*text, *[END] * end], found[index], len(found[index]))


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The numbers of the texts of each batch, the shortest first."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == STREAMS or (len(batch) + 1) * lengths[index] > BATCH):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _surprisals(components: Sequence[Component], weights: Sequence[float], ids: Ids, lengths: Array) -> Array:
    """The surprisals of ids[:, 1:], (k, n - 1); those after the end of a text mean nothing."""
    with scorers(components, ids.size) as reading:
        starts = range(0, ids.shape[1], BLOCK)
        parts = [np.stack([each.score(ids[:, start : start + BLOCK]) for each in reading]) for start in starts]
    found = np.concatenate(parts, axis=2)
    found[:, np.arange(1, ids.shape[1]) >= lengths[:, np.newaxis]] = 0
    if not np.isfinite(found).all():
        raise DivergedError(OUTPUT_NOT_FINITE)
    return mix(found, weights)
