"""A training that could begin, or go on: every number is decided, nothing is written."""

import glob
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.config import resolve, sizing
from charrnn.config.schema import Config, required
from charrnn.errors import OptionError, RunError
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters, Shapes
from charrnn.runs.planning import rank_agreement
from charrnn.runs.planning.fine_tuning import FineTuneBase
from charrnn.runs.planning.run_name import run_name
from charrnn.runs.planning.run_text import load_corpus, read_text
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.checkpoint_record import MAX_RECORD_CHARS, Lineage, require_storable
from charrnn.system.cores import available_cores
from charrnn.text import corpus as corpora
from charrnn.text import windows
from charrnn.text.characters.unit_names import counted
from charrnn.text.corpus import Corpus
from charrnn.text.reading.folder import Files
from charrnn.text.reading.sources import DEFAULT_SOURCE
from charrnn.text.source_text import SourceText
from charrnn.text.vocabulary import Ids
from charrnn.training.optim.optimizers import OPTIMIZERS, Optimizer
from charrnn.training.parallel.communicator import Communicator
from charrnn.words import parameter, plural

MAX_SOURCES_CHARS = MAX_RECORD_CHARS // 2  # characters
FEW_WORKERS = 64  # processes that a training may start wherever it goes on
RARE_BELOW = 10  # occurrences, below
MANY_SYMBOLS = 200  # symbols: of fewer the readout takes next to no time
MAX_RARE_SHARE = 1e-3  # of the text


@dataclass(frozen=True)
class Plan:
    """A training that could begin: every number is decided, nothing is written."""

    config: Config
    corpus: Corpus
    sources: tuple[str, ...]
    notes: tuple[str, ...]  # what was decided differently from what was asked
    text_notes: tuple[str, ...] = ()  # what is to be said of how the text was read
    files: Mapping[str, Files] = field(default_factory=dict)  # of each folder and pattern among the sources
    weights: Network | None = None  # to begin with, in place of fresh ones
    lineage: Lineage | None = None  # of a fine-tune, whence they are
    ranks: Communicator = field(default_factory=Communicator)  # one or several processes

    @property
    def windows_per_epoch(self) -> int:
        """Updates in one pass over the training split."""
        training = self.config.training
        return windows.Windows(
            self.corpus.split("train"), self.batch_size, training.sequence_length, training.stride
        ).per_epoch

    @property
    def steps(self) -> int:
        """Updates in all."""
        training = self.config.training
        return training.steps or max(1, math.ceil(required(training.epochs) * self.windows_per_epoch))

    @property
    def parameters(self) -> int:
        """Numbers of the network that are not held at 0: those that learn, and those that are frozen."""
        shapes = self.architecture.shapes()
        return Parameters.size(shapes) - _size(shapes, self.architecture.held_biases())

    @property
    def valid(self) -> Ids:
        """What a validation reads, (slices, characters of each): the beginning of each slice."""
        slices, most = self.corpus.slices("valid"), self.config.training.eval_characters
        return slices if most is None else slices[:, : max(2, most // len(slices))]

    @property
    def threads(self) -> int:
        """Threads that share the streams."""
        return self.config.runtime.threads or 1

    @property
    def batch_size(self) -> int:
        """Streams read side by side."""
        return required(self.config.training.batch_size)

    @property
    def dropout(self) -> float:
        """Share dropped of what goes up."""
        return required(self.config.model.dropout)

    def optimizer(self, network: Network) -> Optimizer:
        """A fresh optimizer for the parameters of `network`."""
        training = self.config.training
        return OPTIMIZERS[training.optimizer](network.parameters.flat, training.weight_decay)

    @property
    def name(self) -> str:
        """What a run on this text is called."""
        return run_name(self.sources[0])

    @property
    def architecture(self) -> Architecture:
        """The network that is trained."""
        return self.config.model.architecture(len(self.corpus.vocabulary))


def make_plan(
    sources: Sequence[str] = (),
    config: Config | None = None,
    base: FineTuneBase | None = None,
    ranks: Communicator | None = None,
) -> Plan:
    """Read the sources (none: the built-in text) and decide on every number (no `config`: the default one); with a `base`, for
    a fine-tune of it.

    Raises TextError, VocabularyError and NetworkError; ConfigError where the configuration is of another network than
    the base's; RunError where the `ranks` cannot train it together.
    """
    ranks = ranks or Communicator()
    plan = ranks.on_every_rank(lambda: _build(sources, config, base, ranks))
    rank_agreement.require_same_inputs(
        plan.config, plan.corpus.sha256, ranks, plan.lineage.weights_sha256 if plan.lineage else None
    )
    return _with_threads(plan)


def _build(sources: Sequence[str], config: Config | None, base: FineTuneBase | None, ranks: Communicator) -> Plan:
    if config is None:
        config = base.default_config() if base else resolve.resolve(resolve.DEFAULT).config
    sources = tuple(sources) or (DEFAULT_SOURCE,)
    _require_storable([*map(_absolute, sources)])
    if base:
        base.require_compatible(config)
    text = read_text(sources, config.data)
    vocabulary = text.vocabulary(config.data.min_count)
    corpus = corpora.build(text, base.vocabulary.union(vocabulary) if base else vocabulary, config.data.cutting())
    config, notes = _fit_sizes(config, len(corpus.split("train")))
    rank_agreement.require_divisible(config.training, ranks)
    told = (
        text.notes + _corpus_notes(corpus) + (() if base else _rare_symbol_notes(text, config.data.min_count)) + notes
    )
    plan = Plan(config, corpus, tuple(map(_absolute, sources)), told, text.notes, text.folders, ranks=ranks)
    if base:
        weights = base.weights(corpus.vocabulary, config.training.seed, config.training.precision)
        told = base.describe(text, corpus.vocabulary, config.training)
        plan = replace(plan, notes=told + plan.notes, weights=weights, lineage=base.lineage)
    return replace(plan, notes=plan.notes + _frozen_notes(plan))


def _corpus_notes(corpus: Corpus) -> tuple[str, ...]:
    if corpus.vocabulary.end_id is not None:
        lengths = np.diff(np.flatnonzero(corpus.ids == corpus.vocabulary.end_id)) - 1
        count = len(lengths)
        return (f"{plural(count, 'document')}, the longest {lengths.max():,} characters",)
    return (f"a text this long is encoded into a file: {corpus.path}",) if corpus.path else ()


def _rare_symbol_notes(text: SourceText, min_count: int) -> tuple[str, ...]:
    """Where most symbols are there for next to none of the text, what would spare the readout most of its work."""
    counts = text.counts[text.counts >= min_count]
    rare = counts[counts < RARE_BELOW]
    if (
        text.unit == "byte"
        or len(counts) < MANY_SYMBOLS
        or 2 * len(rare) < len(counts)
        or rare.sum() > MAX_RARE_SHARE * text.length
    ):
        return ()
    return (
        f"{len(rare):,} of its {len(counts):,} different characters occur fewer than {RARE_BELOW} times, {rare.sum():,} times in all; {parameter('settings')} data.min_count={RARE_BELOW} lets them share one symbol, and trains faster",
    )


def _frozen_notes(plan: Plan) -> tuple[str, ...]:
    """What does not learn."""
    freeze, architecture = plan.config.training.freeze, plan.architecture
    shapes, held, notes = architecture.shapes(), architecture.held_biases(), []
    if held:
        notes.append(
            f"model.bias is false: {_size(shapes, held):,} biases are held at 0, and not counted as parameters"
        )
    if freeze:
        learning = Parameters.size(shapes) - _size(shapes, architecture.frozen_names(freeze))
        parts = ", ".join(part for part in architecture.parts() if part in freeze)
        notes.append(f"frozen: {parts}; {learning:,} of {plan.parameters:,} parameters learn")
    return tuple(notes)


def _size(shapes: Shapes, names: Iterable[str]) -> int:
    """How many numbers some of the parameters are."""
    return Parameters.size({name: shapes[name] for name in names})


def plan_resume(
    saved: Checkpoint, sources: Sequence[str], path: Path, ranks: Communicator, encoding: Sequence[str] = ()
) -> Plan:
    """The plan of a run that is resumed, with the text that it was trained on. Raises as `load_corpus` does, and RunError where
    the `ranks` cannot train it together.
    """
    ranks.on_every_rank(lambda: _require_few_workers(saved, path, ranks.size))
    corpus = ranks.on_every_rank(lambda: load_corpus(saved, sources, f"charrnn train --resume {path} TEXT", encoding))
    rank_agreement.require_same_inputs(saved.config, corpus.sha256, ranks)
    rank_agreement.require_divisible(saved.config.training, ranks)
    notes = (f"from {saved.base.path}: step {saved.base.step:,}",) if saved.base else ()
    sources = tuple(map(_absolute, sources or saved.text.sources))
    plan = Plan(saved.config, corpus, sources, notes + _corpus_notes(corpus), lineage=saved.base, ranks=ranks)
    return replace(plan, notes=plan.notes + _frozen_notes(plan))


def _require_few_workers(saved: Checkpoint, path: Path, ranks: int) -> None:
    """Raises RunError where a checkpoint, which may be a stranger's, would start far more processes than there are cores."""
    streams, cores = required(saved.config.training.batch_size) // ranks, available_cores()
    workers = min(saved.config.runtime.threads or 1, streams)
    if workers > max(FEW_WORKERS, 4 * cores):
        raise RunError(
            f"{parameter('resume')} {path}: its runtime.threads is for {workers:,} processes side by side, and this machine has {plural(cores, 'core')}; go on where there are more, or begin with its weights: charrnn train TEXT --from {path}"
        )


def with_new_target(plan: Plan, steps: int | None, epochs: float | None, done: int) -> Plan:
    """The same plan with another end, and a note of what that does to the schedule.

    Raises ConfigError for what cannot be an end, and OptionError for one that is not ahead of the `done` steps.
    """
    options: dict[str, tuple[str, Any]] = {
        "training.steps": (parameter("steps" if epochs is None else "epochs"), steps)
    }
    if epochs is not None:
        options["training.epochs"] = (parameter("epochs"), epochs)
    longer = replace(plan, config=resolve.override(plan.config, options))
    if longer.steps <= done:
        raise OptionError(f"{done:,} steps are made already; a new end must lie beyond them; found {longer.steps:,}")
    return replace(longer, notes=plan.notes + _new_target_notes(plan.steps, longer.steps, longer.config))


def with_steps(plan: Plan, steps: int, *notes: str) -> Plan:
    """The same plan with so many steps in all, and notes of why."""
    return with_notes(replace(plan, config=plan.config.replaced("training", steps=steps)), *notes)


def with_notes(plan: Plan, *notes: str | None) -> Plan:
    """The same plan with further notes; None is no note."""
    return replace(plan, notes=(*plan.notes, *filter(None, notes)))


def _new_target_notes(old: int, new: int, config: Config) -> tuple[str, ...]:
    if old == new:
        return ()
    return (
        f"the end moves from step {old:,} to {new:,}; the {config.training.schedule} schedule now runs over {new:,} steps",
    )


def _with_threads(plan: Plan) -> Plan:
    """As many threads as were asked for, or as are fastest here."""
    training, ranks = plan.config.training, plan.ranks
    B, T = max(1, plan.batch_size // training.accumulate), training.sequence_length
    threads = plan.config.runtime.threads or rank_agreement.fastest_threads(plan.architecture, T, B, ranks)
    return replace(plan, config=plan.config.replaced("runtime", threads=threads))


def _fit_sizes(config: Config, characters: int) -> tuple[Config, tuple[str, ...]]:
    """The configuration with sizes for this text, batch and window as it allows, and what to say of it."""
    given = sizing.fill_sizes(config, characters)
    notes = [*sizing.describe_sizes(config, given, characters)]
    unit = given.data.unit
    asked = required(given.training.batch_size), given.training.sequence_length
    B, T = windows.fit(characters, *asked)
    if (B, T) != asked:
        notes.append(
            f"the training split has {counted(characters, unit)}, too few for {asked[0]} streams x {counted(asked[1], unit)}: reading {B} streams x {counted(T, unit)}"
        )
    stride = given.training.stride and min(given.training.stride, T)
    return given.replaced("training", batch_size=B, sequence_length=T, stride=stride), tuple(notes)


def _require_storable(sources: Sequence[str]) -> None:
    """A run remembers its sources, in a record whose length is limited, and in JSON, which is UTF-8."""
    for source in sources:
        require_storable(source, "rename it, or pass its text by standard input (-)")
    if sum(map(len, sources)) > MAX_SOURCES_CHARS:
        raise RunError(f"{len(sources):,} texts are too many to remember; name their folder, or a pattern in quotes")


def _absolute(source: str) -> str:
    if source == "-" or source.startswith("builtin:") or os.path.isabs(source):
        return source
    if glob.has_magic(source) and not os.path.exists(source):  # abspath would take **/.. for nothing
        return os.path.join(os.getcwd(), source)
    return os.path.abspath(source)
