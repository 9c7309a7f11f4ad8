"""Loading a model from run directories and checkpoints, and the weights of a mixture."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from charrnn.errors import OptionError, RunError
from charrnn.models.mixture.components import Component, NetworkComponent, NGramComponent, scorers
from charrnn.models.mixture.fit_weights import fit_weights
from charrnn.models.mixture.scorer_mixture import score_all
from charrnn.models.model import Model
from charrnn.models.training_text import TrainingText
from charrnn.ngram.order_selection import MAX_ORDER
from charrnn.runs.finding import find_run
from charrnn.runs.storage import directory
from charrnn.runs.storage.directory import LoadedCheckpoint
from charrnn.stages import OnStage, ignore_stage
from charrnn.text.vocabulary import describe
from charrnn.words import parameter

MAX_FIT_CHARS = 1_000_000  # characters of the validation split on which weights are fitted


def load(
    run: str | Path,
    *others: str | Path,
    which: str | None = None,
    ngram: bool = False,
    weights: Sequence[float] | None = None,
    text: str | Sequence[str] = (),
    encoding: str | Sequence[str] = (),
    on_stage: OnStage = ignore_stage,
) -> Model:
    """Load the model of a run directory or checkpoint, or of the run of this name in runs/. `others` and `ngram` (an
    n-gram of its training split) make it a mixture.

    `which`: best, last, or None for the best there is. `weights`: of the components, in this order (None: those that
    make the validation split likeliest). `text`: the present location of the training text, if it was moved.
    `encoding`: its present encoding, NAME, or FILE=NAME for single files, if it was converted. `on_stage` is called
    with what is done, here and in what the model does later.

    Raises RunError, also if vocabularies differ, OptionError for weights that are not weights, CheckpointError and
    TextError.
    """
    on_stage(f"loading {run}")
    loaded = [directory.load(find_run(path), which) for path in (run, *others)]
    first = loaded[0].checkpoint
    for other in loaded[1:]:
        _require_same(loaded[0], other)
    components: list[Component] = [
        NetworkComponent(
            str(found.path),
            found.checkpoint.network,
            first.vocabulary.end_id,
            found.checkpoint.config.training.label_smoothing,
        )
        for found in loaded
    ]
    notes = tuple(found.note or str(found.path) for found in loaded)
    notes += tuple(warning for other in loaded[1:] if (warning := _may_know(loaded[0], other)))
    sources, encodings = ([given] if isinstance(given, str) else given for given in (text, encoding))
    training_text = TrainingText(first, sources, encodings, on_stage)
    if ngram:
        components.append(NGramComponent(training_text.ngram))
    model = Model(first, training_text, tuple(components), notes=notes, on_stage=on_stage)
    if weights is not None:
        return replace(model, weights=_shares(weights, len(components)))
    if len(components) == 1:
        return model
    return replace(model, weights=_fit_on_validation(model), weights_are_fitted=True)


def _require_same(first: LoadedCheckpoint, other: LoadedCheckpoint) -> None:
    """Raise RunError if the vocabularies differ: such models cannot be mixed."""
    ours, theirs = first.checkpoint.vocabulary, other.checkpoint.vocabulary
    if ours == theirs:
        return
    found = f"{first.path} has {len(ours)} symbols, {other.path} has {len(theirs)}"
    for name, lacks in (
        (other.path, ours.characters - theirs.characters),
        (first.path, theirs.characters - ours.characters),
    ):
        if lacks:
            found = f"{name} lacks {describe(min(lacks))}" + (f" and {len(lacks) - 1} more" if len(lacks) > 1 else "")
    raise RunError(f"models of different vocabularies cannot be mixed: {found}; train them on one text")


def _may_know(first: LoadedCheckpoint, other: LoadedCheckpoint) -> str | None:
    """Why the other model may have been trained on what the first one's text holds out; None if it was not."""
    ours, theirs = first.checkpoint, other.checkpoint
    if ours.text.sha256 != theirs.text.sha256:
        return f"{other.path} was trained on another text, which may contain this held-out part"
    cuts = [(each.config.data.make_split(), each.config.shuffle_seed) for each in (ours, theirs)]
    documents = [(each.config.data.boundary, each.config.data.field) for each in (ours, theirs)]
    if cuts[0] != cuts[1] or documents[0] != documents[1]:
        return f"{other.path} was trained on another part of the text, which may contain this held-out part"
    return None


def _shares(weights: Sequence[float], count: int) -> tuple[float, ...]:
    """The given weights, scaled to add up to 1. Raises OptionError if they cannot be weights."""
    if count == 1:
        raise OptionError(
            f"{parameter('weights')}: for a mixture only; add {parameter('others')} RUN or {parameter('ngram')}"
        )
    if len(weights) != count or not all(0 <= weight < math.inf for weight in weights) or not any(weights):
        raise OptionError(
            f"{parameter('weights')} {','.join(f'{weight:g}' for weight in weights)}: must be {count} numbers of at least 0, one for each component, not all 0"
        )
    relative = [weight / max(weights) for weight in weights]  # whose sum cannot overflow
    return tuple(weight / sum(relative) for weight in relative)


def _fit_on_validation(model: Model) -> tuple[float, ...]:
    """The weights that make the validation split likeliest. Raises RunError if there is none."""
    corpus = model.training_text.corpus
    slices = corpus.slices("valid")
    slices = slices[:, : MAX_FIT_CHARS // len(slices)]
    if slices.shape[1] < 2:
        raise RunError(
            f"the training text has no validation split on which weights could be fitted; give {parameter('weights')}"
        )
    model.on_stage("fitting the weights of the mixture")
    with scorers(model.components, slices.size, before=corpus.before("valid", MAX_ORDER - 1)) as reading:
        return tuple(fit_weights(score_all(reading, slices).reshape(len(reading), -1)))
