"""What a model is made of: networks, and counts. Each can read a text, and write one."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from charrnn.counting.kneser_ney import NGram
from charrnn.errors import DivergedError
from charrnn.generation.counts import NGramPredictor
from charrnn.generation.predictor import NetworkPredictor, Predictor
from charrnn.learning.dynamic import DynamicReader
from charrnn.learning.evaluation import STREAMS, WINDOW, NetworkReader, Reader
from charrnn.learning.parallel import StreamSplit, fastest_threads, one_blas_thread
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.text.vocabulary import Ids

SHORT = 100_000  # characters; a text below is read before a second process has started


class Member(Protocol):
    """One of those whose probabilities a model mixes."""

    @property
    def name(self) -> str:
        """What it is called where several are listed."""

    def reader(
        self, characters: int | None = None, learning_rate: float | None = None
    ) -> AbstractContextManager[Reader]:
        """A reader, inside a `with`. `characters` is about how many it will read, where that is known; with a
        `learning_rate` its weights follow the text, where it has any.
        """

    def predictor(self) -> Predictor:
        """What writes."""


@dataclass(frozen=True)
class NetworkMember:
    """A trained network."""

    name: str
    network: Network
    end_id: int | None = None  # of a document, where it reads documents

    @contextmanager
    def reader(self, characters: int | None = None, learning_rate: float | None = None) -> Iterator[Reader]:
        """As Member has it. Raises WorkerError."""
        with one_blas_thread():
            if learning_rate is not None:
                yield DynamicReader(self.network, learning_rate, self.end_id)
                return
            is_short = characters is not None and characters < SHORT
            split = StreamSplit(
                self.network, 1 if is_short else fastest_threads(self.network.architecture, WINDOW, STREAMS)
            )
            try:
                yield NetworkReader(self.network, split, end_id=self.end_id)
            finally:
                split.close()

    def predictor(self) -> Predictor:
        """As Member has it."""
        return NetworkPredictor(self.network)


@dataclass(frozen=True)
class CountingMember:
    """An n-gram."""

    ngram: NGram

    @property
    def name(self) -> str:
        """Its order."""
        return f"{self.ngram.order}-gram"

    @contextmanager
    def reader(self, characters: int | None = None, learning_rate: float | None = None) -> Iterator[Reader]:
        """As Member has it."""
        yield NGramReader(self.ngram)

    def predictor(self) -> Predictor:
        """As Member has it."""
        return NGramPredictor(self.ngram)


def read_all(readers: Sequence[Reader], ids: Ids) -> Array:
    """The surprisals of the next block under each of M readers, (M, k, n). Raises DivergedError where one is not finite."""
    found = np.stack([reader.read(ids) for reader in readers])
    if not np.isfinite(found).all():
        raise DivergedError("the network's output is no longer a finite number: its training diverged")
    return found


class NGramReader:
    """An n-gram that reads; see evaluation.Reader."""

    def __init__(self, ngram: NGram) -> None:
        self._ngram = ngram
        self._before: Ids | None = None  # (k, at most order - 1)

    def read(self, ids: Ids) -> Array:
        """As evaluation.Reader has it."""
        read = ids if self._before is None else np.concatenate([self._before, ids], axis=1)
        context = 1 if self._before is None else self._before.shape[1]
        self._before = (
            read[:, max(0, read.shape[1] - self._ngram.order + 1) :] if self._ngram.order > 1 else read[:, -1:]
        )
        return np.stack([self._ngram.surprisals(row, context) for row in read])


class TableReader:
    """Takes each character for as likely wherever it stands: with the surprisals of a table, (V,)."""

    def __init__(self, surprisals: Array) -> None:
        self._surprisals, self._begun = surprisals, False

    def read(self, ids: Ids) -> Array:
        """As evaluation.Reader has it."""
        charged = ids if self._begun else ids[:, 1:]
        self._begun = True
        return np.asarray(self._surprisals[charged])
