"""The components of a mixture: networks and n-grams. Each can score a text and write one."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from charrnn.generation.predictors import NetworkPredictor, NGramPredictor, Predictor
from charrnn.models.mixture.dynamic_scorer import DynamicScorer
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.network.stepper import NOTHING_HELD, Held
from charrnn.ngram.kneser_ney import NGram
from charrnn.system.blas_threads import one_blas_thread
from charrnn.text.vocabulary import Ids
from charrnn.training.parallel.data_parallel import DataParallel, fastest_threads
from charrnn.training.surprisal import SCORING_WINDOW, STREAMS, NetworkScorer, Scorer

SHORT = 100_000  # characters; a shorter text is read before a second process would have started


@dataclass(frozen=True)
class NetworkComponent:
    """A trained network."""

    name: str  # in lists and tables
    network: Network
    end_id: int | None = None  # of a document, if it reads documents
    label_smoothing: float = 0.0  # of its training

    @contextmanager
    def scorer(
        self, characters: int | None = None, learning_rate: float | None = None, before: Ids | None = None
    ) -> Iterator[Scorer]:
        """Yield a scorer. `characters`: about how many it will read, if that is known. `learning_rate`: that
        of dynamic evaluation; an n-gram ignores it. `before`, (k, c): the characters before the texts, the context of
        an n-gram; a network begins from its zero state. Raises WorkerError.
        """
        with one_blas_thread():
            if learning_rate is not None:
                yield DynamicScorer(self.network, learning_rate, self.end_id)
                return
            is_short = characters is not None and characters < SHORT
            threads = 1 if is_short else fastest_threads(self.network.architecture, SCORING_WINDOW, STREAMS)
            parallel = DataParallel(self.network, threads)
            try:
                yield NetworkScorer(self.network, parallel, end_id=self.end_id)
            finally:
                parallel.close()

    def predictor(self, exact: bool = True, held: Held = NOTHING_HELD) -> Predictor:
        """A predictor. `exact`: it writes bit for bit the same text alone and beside others; an n-gram always does.
        `held`: the units that it holds; see Stepper.
        """
        return NetworkPredictor(self.network, self.label_smoothing, exact, held)


@dataclass(frozen=True)
class NGramComponent:
    """An n-gram, fitted on a training text."""

    ngram: NGram

    @property
    def name(self) -> str:
        """For example 5-gram."""
        return f"{self.ngram.order}-gram"

    @contextmanager
    def scorer(
        self, characters: int | None = None, learning_rate: float | None = None, before: Ids | None = None
    ) -> Iterator[Scorer]:
        """See NetworkComponent.scorer."""
        yield NGramScorer(self.ngram, before)

    def predictor(self, exact: bool = True, held: Held = NOTHING_HELD) -> Predictor:
        """See NetworkComponent.predictor."""
        return NGramPredictor(self.ngram)


Component = NetworkComponent | NGramComponent
"""A model whose probabilities can be mixed with others."""


@contextmanager
def scorers(
    components: Sequence[Component],
    characters: int | None = None,
    learning_rate: float | None = None,
    before: Ids | None = None,
) -> Iterator[list[Scorer]]:
    """Yield a scorer of each component; see NetworkComponent.scorer."""
    with ExitStack() as stack:
        yield [stack.enter_context(component.scorer(characters, learning_rate, before)) for component in components]


class NGramScorer:
    """Scores texts with an n-gram; see surprisal.Scorer."""

    def __init__(self, ngram: NGram, before: Ids | None = None) -> None:
        """`before`: the characters before each text, (k, c)."""
        self._ngram, self._before, self._begun = ngram, before, False

    def score(self, ids: Ids) -> Array:
        """See Scorer.score."""
        before = ids[:, :0] if self._before is None else self._before[: len(ids)]
        read = np.concatenate([before, ids], axis=1)
        context = before.shape[1] + (0 if self._begun else 1)
        self._before, self._begun = read[:, max(0, read.shape[1] - self._ngram.order + 1) :], True
        return np.stack([self._ngram.surprisals(row, context) for row in read])


class TableScorer:
    """Gives each character the same surprisal wherever it is: that of a table, (V,)."""

    def __init__(self, surprisals: Array) -> None:
        self._surprisals, self._begun = surprisals, False

    def score(self, ids: Ids) -> Array:
        """See Scorer.score."""
        charged = ids if self._begun else ids[:, 1:]
        self._begun = True
        return np.asarray(self._surprisals[charged])
