"""Many texts scored side by side: those of about the same length in one batch, the longest first, so that those that
have ended leave it from its end. What is read after the end of a text is not counted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from charrnn.errors import OUTPUT_NOT_FINITE, DivergedError
from charrnn.models.encoded_text import in_unit
from charrnn.models.mixture.components import Component, scorers
from charrnn.models.mixture.scorer_mixture import mix
from charrnn.models.scoring.scoring import UNKNOWN_COST, ScoredText, as_characters, with_first
from charrnn.network.arrays import Array
from charrnn.text.documents import FILE, only_documents
from charrnn.text.vocabulary import END, Ids, Vocabulary
from charrnn.training.surprisal import BLOCK, STREAMS

BATCH = 1 << 14  # characters with the padding; a longer text is read alone, as parallel streams
WINDOW = 4  # characters after which texts that have ended leave a batch


class ScoredTexts(list[ScoredText]):
    """The scores of several texts, in their order."""

    @property
    def nats(self) -> Array:
        """The surprisal of each whole text, (n,), in nats: -ln of its probability."""
        return np.array([each.nats for each in self], np.float64)


def score_many(
    components: Sequence[Component],
    weights: Sequence[float],
    vocabulary: Vocabulary,
    texts: Iterable[str | bytes],
    boundary: str | None,
    score: Callable[[Any], ScoredText],
) -> ScoredTexts:
    """The score of each text. `score` gets those that are empty or that the `boundary` cuts into several documents."""
    given = whole = [in_unit(text, vocabulary.unit) for text in texts]
    if given and vocabulary.end_id is not None:
        whole = only_documents(given, boundary or FILE)
    return ScoredTexts(score_each(components, weights, vocabulary, whole, lambda number: score(given[number])))


def score_each(
    components: Sequence[Component],
    weights: Sequence[float],
    vocabulary: Vocabulary,
    texts: Sequence[Any],
    otherwise: Callable[[int], Any],
) -> Iterator[Any]:
    """The score of each text, str or bytes, read from its beginning; for a model of documents a text is a document. For
    an empty text number n, `otherwise(n)`. Raises DivergedError if a surprisal is not finite.
    """
    found: dict[int, ScoredText] = {}
    begin, end = vocabulary.begin_id is not None, vocabulary.end_id is not None
    for batch in _batches([*map(len, texts)]):
        read = [vocabulary.read(texts[index]) for index in batch]
        lengths = np.array([begin + len(ids) + end for ids, _ in read])
        # A document ends with what it begins after; this is the padding, too.
        rows = np.full((len(batch), lengths[0]), vocabulary.begin_id or 0, vocabulary.dtype)
        for row, (ids, _) in zip(rows, read, strict=True):
            row[begin : begin + len(ids)] = ids
        surprisals = _surprisals(components, weights, rows, lengths)
        if not begin:
            surprisals = with_first(surprisals, len(vocabulary))
        for index, row, (ids, unknown) in zip(batch, surprisals, read, strict=True):
            own = row[: len(ids) + end]
            own[: len(ids)][unknown] = UNKNOWN_COST
            if vocabulary.unit == "byte":
                found[index] = as_characters(ids.tobytes(), own)
            else:
                found[index] = ScoredText([*texts[index], *[END] * end], own, len(own))
    return (found.get(n) or otherwise(n) for n in range(len(texts)))


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The numbers of the texts of each batch, the longest first; an empty text is in none."""
    batch: list[int] = []
    for index in sorted(filter(lengths.__getitem__, range(len(lengths))), key=lengths.__getitem__, reverse=True):
        if batch and (len(batch) == STREAMS or (len(batch) + 1) * lengths[batch[0]] > BATCH):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _surprisals(components: Sequence[Component], weights: Sequence[float], ids: Ids, lengths: Array) -> Array:
    """The surprisals of ids[:, 1:], (k, n - 1), the longest text first; 0 after the end of a text."""
    k, n = ids.shape
    found, window = np.zeros((len(components), k, n - 1)), WINDOW if k > 1 else BLOCK
    with scorers(components, ids.size) as reading:
        for start in range(0, n, window):
            block = ids[: np.count_nonzero(lengths > start), start : start + window]
            at = slice(max(0, start - 1), start + block.shape[1] - 1)
            found[:, : len(block), at] = [each.score(block) for each in reading]
    found[:, np.arange(1, n) >= lengths[:, np.newaxis]] = 0
    if not np.isfinite(found).all():
        raise DivergedError(OUTPUT_NOT_FINITE)
    return mix(found, weights)
