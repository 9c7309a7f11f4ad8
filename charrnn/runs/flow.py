"""The network and the text of which the gradient flow is asked for."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from charrnn.network.arrays import Ids
from charrnn.network.network import Network
from charrnn.runs import directory, passages, plan
from charrnn.runs.config import Config
from charrnn.runs.texts import corpus_of, read_text
from charrnn.text.corpus import Corpus

LONGEST = 1_000_000  # characters of a text over which the positions are spread


def of_run(run: Path, sources: Sequence[str], which: str | None) -> tuple[Network, Ids]:
    """The weights of a run or checkpoint, and the ids of a text (none named: the run's validation split, or all it has).

    Documents are read as one text. Raises RunError, CheckpointError and TextError.
    """
    saved = directory.load(run, which).checkpoint
    if not sources:
        return saved.network, _validation(corpus_of(saved, give="charrnn gradflow RUN TEXT"))
    given = passages.of_text(read_text(sources, saved.config.data), saved.vocabulary, saved.config.data)
    found, characters = [], 0
    for block in given.blocks():
        found.append(block.ids[0])
        characters += len(found[-1])
        if characters >= LONGEST:
            break
    return saved.network, np.concatenate(found)[:LONGEST].astype(np.intp)


def of_config(config: Config) -> tuple[Network, Ids]:
    """A fresh network of a configuration and the validation split of the built-in text. Raises TextError and NetworkError."""
    made = plan.make((), config)
    generator = np.random.default_rng(config.training.seed)
    return Network.fresh(made.architecture, generator, config.training.precision), _validation(made.corpus)


def _validation(corpus: Corpus) -> Ids:
    valid = corpus.split("valid")
    return (valid if valid.size else corpus.ids)[:LONGEST].astype(np.intp)
