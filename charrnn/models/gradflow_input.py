"""The network and the text on which the flow of gradients is measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from charrnn.config.schema import Config
from charrnn.errors import CheckpointError, RunError
from charrnn.models import encoded_text
from charrnn.network.arrays import Ids
from charrnn.network.network import Network
from charrnn.runs.finding import find_run
from charrnn.runs.planning.new_plan import make_plan
from charrnn.runs.recorded_text import load_corpus, read_text
from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.stages import OnStage, ignore_stage
from charrnn.system.shell import shell_command
from charrnn.text.characters.unit_names import Unit
from charrnn.text.corpus import Corpus
from charrnn.text.reading.encodings import Encodings

MAX_CHARACTERS = 1_000_000  # characters of a text over which the positions are spread


@dataclass(frozen=True)
class GradFlowInput:
    """A network, the ids of a text, (n,), and the number of its characters that the vocabulary lacks."""

    network: Network
    ids: Ids
    unknown: int
    end_id: int | None  # of a document
    unit: Unit  # of the ids
    notes: tuple[str, ...] = ()  # about how the text was read


def from_run(
    run: str | Path | Checkpoint,
    sources: Sequence[str],
    which: str | None,
    training_text: Sequence[str] = (),
    encoding: Sequence[str] = (),
    on_stage: OnStage = ignore_stage,
) -> GradFlowInput:
    """The weights of a run or checkpoint, and a text. Without `sources` the text is the run's validation split, or its
    whole text if there is none; `training_text` is its present location (empty: where it was). `encoding`: NAME or
    FILE=NAME each, for texts that are not UTF-8. Raises RunError, CheckpointError and TextError.
    """
    saved = run if isinstance(run, Checkpoint) else _load(Path(run), which)
    if not sources:
        return _build_input(saved.network, load_corpus(saved, training_text, encoding=encoding, on_stage=on_stage))
    text = read_text(sources, saved.config.data, Encodings.parse(encoding), on_stage=on_stage)
    given = encoded_text.from_text(text, saved.vocabulary, saved.config.data)
    found, _ = encoded_text.take(given.blocks(), MAX_CHARACTERS)
    # Gradients flow through the characters of the text only.
    own = 0 if saved.vocabulary.end_id is not None else found.unseen
    ids = found.ids[0, own:].astype(np.intp)
    unknown, vocabulary = int(found.unknown.sum()), saved.vocabulary
    return GradFlowInput(saved.network, ids, unknown, vocabulary.end_id, vocabulary.unit, text.notes)


def from_config(
    config: Config, sources: Sequence[str] = (), encoding: Sequence[str] = (), on_stage: OnStage = ignore_stage
) -> GradFlowInput:
    """A fresh network of a configuration, and the validation split of its training text (no `sources`: the built-in
    one).

    Raises TextError, VocabularyError and NetworkError.
    """
    config = config.with_values("data", encoding=config.data.with_encodings(encoding).encoding)
    made = make_plan(sources, config, on_stage=on_stage)
    generator = np.random.default_rng(config.training.seed)
    case = _build_input(Network.fresh(made.architecture, generator, config.training.precision), made.corpus)
    return replace(case, notes=made.text_notes)


def _load(run: Path, which: str | None) -> Checkpoint:
    try:
        return directory.load(find_run(run), which).checkpoint
    except (CheckpointError, RunError) as error:
        if run.is_dir() or run.suffix == ".safetensors":
            raise
        raise RunError(
            f"{error}; if it is a text, read it with a fresh network: {shell_command('charrnn gradflow --text', str(run))}"
        ) from None


def _build_input(network: Network, corpus: Corpus) -> GradFlowInput:
    valid = corpus.split("valid")
    ids = (valid if valid.size else corpus.ids)[:MAX_CHARACTERS].astype(np.intp)
    return GradFlowInput(network, ids, 0, corpus.vocabulary.end_id, corpus.vocabulary.unit)
