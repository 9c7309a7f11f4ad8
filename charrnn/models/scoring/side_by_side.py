"""Many texts scored side by side. What several begin with is read once, up to where they part; a text that has ended is
read no further. Equal texts in one batch get equal surprisals.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Any

import numpy as np

from charrnn.errors import OUTPUT_NOT_FINITE, DivergedError, TextError
from charrnn.models.encoded_text import in_unit
from charrnn.models.mixture.components import Component, NetworkComponent, NGramScorer, scorers
from charrnn.models.mixture.scorer_mixture import MixtureScorer, mix
from charrnn.models.scoring.scoring import UNKNOWN_COST, ScoredText, as_characters, with_first
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax
from charrnn.network.stepper import Stepper
from charrnn.system.blas_threads import one_blas_thread
from charrnn.system.cores import usable_cores
from charrnn.text.documents import FILE, only_documents
from charrnn.text.vocabulary import END, Ids, Vocabulary
from charrnn.training.surprisal import BLOCK

LARGE = 384  # units of a layer: the products of fewer are too short for several cores
BATCH = {True: 128, False: 256}  # texts, for a large network and another
MIN_ROWS = 2  # for one row alone a Stepper copies the weights into another order
LONG = 1 << 13  # characters; a text as long is read alone, as parallel streams


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
    """The score of each text. `score` gets those that are empty or that the `boundary` cuts into several documents.
    Raises TextError where one cannot be scored.
    """
    if isinstance(texts, str | bytes):
        raise TextError("texts must be a list of texts; found one text: score it with score(text)")

    def named(number: int, call: Callable[[Any], Any], text: Any) -> Any:
        try:
            return call(text)
        except TextError as error:
            raise TextError(f"texts[{number}]: {error}") from None

    given = [named(number, partial(in_unit, unit=vocabulary.unit), text) for number, text in enumerate(texts)]
    documents = given and vocabulary.end_id is not None
    whole = only_documents(given, boundary or FILE) if documents else given
    scores = score_each(components, weights, vocabulary, whole)
    return ScoredTexts(each or named(number, score, given[number]) for number, each in enumerate(scores))


def score_each(
    components: Sequence[Component], weights: Sequence[float], vocabulary: Vocabulary, texts: Sequence[Any]
) -> Iterator[ScoredText | None]:
    """The score of each text, str or bytes, read from its beginning; for a model of documents a text is a document. Of
    an empty text it is None. Raises DivergedError if a surprisal is not finite.
    """
    found: dict[int, ScoredText] = {}
    networks = [component.network for component in components if isinstance(component, NetworkComponent)]
    large, stop = any(network.architecture.hidden_size >= LARGE for network in networks), Event()

    def score(batch: Sequence[int]) -> list[ScoredText]:
        surprisals = partial(_surprisals, components, weights, stop)
        return _score(surprisals, vocabulary, [texts[number] for number in batch])

    batches = _batches(texts, BATCH[large])
    with one_blas_thread(), ThreadPoolExecutor(len(usable_cores()) if large else 1) as threads:
        try:
            for batch, scores in zip(batches, threads.map(score, batches), strict=True):
                found.update(zip(batch, scores, strict=True))
        finally:
            stop.set()
    return (found.get(n) or (score([n])[0] if text else None) for n, text in enumerate(texts))


def _batches(texts: Sequence[Any], size: int) -> list[list[int]]:
    """The numbers of the texts of each batch, in alphabetical order: those that begin alike are in one batch. Empty
    texts, long ones, and one alone are in none.
    """
    numbers = sorted((n for n, text in enumerate(texts) if 0 < len(text) < LONG), key=texts.__getitem__)
    return [part.tolist() for part in np.array_split(numbers, -(-len(numbers) // size))] if len(numbers) > 1 else []


def _score(surprisals: Callable[[Ids, Array], Array], vocabulary: Vocabulary, texts: Sequence[Any]) -> list[ScoredText]:
    """The scores of the texts of a batch."""
    begin, end = vocabulary.begin_id is not None, vocabulary.end_id is not None
    read = [vocabulary.read(text) for text in texts]
    lengths = np.array([begin + len(ids) + end for ids, _ in read])
    # A document ends with what it begins after; this is the padding, too.
    rows = np.full((len(texts), lengths.max()), vocabulary.begin_id or 0, vocabulary.dtype)
    for row, (ids, _) in zip(rows, read, strict=True):
        row[begin : begin + len(ids)] = ids
    found, scores = surprisals(rows, lengths), []
    if not begin:
        found = with_first(found, len(vocabulary))
    for text, row, (ids, unknown) in zip(texts, found, read, strict=True):
        own = row[: len(ids) + end]
        own[: len(ids)][unknown] = UNKNOWN_COST
        if vocabulary.unit == "byte":
            scores.append(as_characters(ids.tobytes(), own))
        else:
            scores.append(ScoredText([*text, *[END] * end], own, len(own)))
    return scores


def _surprisals(
    components: Sequence[Component], weights: Sequence[float], stop: Event, ids: Ids, lengths: Array
) -> Array:
    """The surprisals of ids[:, 1:], (k, n - 1); 0 after the end of a text."""
    if len(ids) == 1:
        with scorers(components, ids.size) as reading:
            scorer = MixtureScorer(reading, weights)
            blocks = (ids[:, start : start + BLOCK] for start in range(0, ids.size, BLOCK))
            return np.concatenate([scorer.score(block) for block in blocks], axis=1)
    found = np.stack(
        [
            _read(component.network, ids, lengths, stop)
            if isinstance(component, NetworkComponent)
            else NGramScorer(component.ngram).score(ids)
            for component in components
        ]
    )
    found[:, np.arange(1, ids.shape[1]) >= lengths[:, np.newaxis]] = 0
    if not np.isfinite(found).all():
        raise DivergedError(OUTPUT_NOT_FINITE)
    return mix(found, weights)


@one_blas_thread()  # in this thread too: some libraries have a limit for each
@np.errstate(over="ignore", invalid="ignore")  # the caller reports what is not finite
def _read(network: Network, ids: Ids, lengths: Array, stop: Event) -> Array:
    """What a network finds of ids[:, 1:], (k, n - 1); 0 after the end of a text, or once it is to stop."""
    (k, n), V = ids.shape, network.architecture.vocab_size
    found, row, rows = np.zeros((k, n - 1)), np.zeros(k, np.intp), 1  # row: which of the network's rows reads a text
    step = Stepper(network, network.zero_state(MIN_ROWS), exact=False)
    for t in range(n - 1):
        if stop.is_set():
            break
        own = np.flatnonzero(lengths > t + 1)
        heads, row[own] = np.unique(row[own] * V + ids[own, t], return_inverse=True)  # texts that are alike up to here
        before, last = np.divmod(heads, V)
        if not np.array_equal(before, np.arange(rows)):
            rows = len(before)
            step = Stepper(network, step.state[:, np.resize(before, max(MIN_ROWS, rows))], False, like=step)
        logits = step(np.resize(last, max(MIN_ROWS, rows)))
        found[own, t] = -log_softmax(logits)[row[own], ids[own, t + 1]]
    return found
