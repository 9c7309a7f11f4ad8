"""The plan of a new training: from a text, a configuration, and optionally the weights of another run."""

from collections.abc import Sequence
from dataclasses import replace

from charrnn.config import resolve, sizing
from charrnn.config.schema import Config, SizedConfig
from charrnn.errors import ConfigError
from charrnn.runs.finding import refuse_runs
from charrnn.runs.planning import rank_agreement
from charrnn.runs.planning.fine_tuning import FineTuneBase
from charrnn.runs.planning.plan import Plan
from charrnn.runs.planning.plan_notes import (
    corpus_notes,
    frozen_notes,
    hidden_symbol_notes,
    rare_symbol_notes,
    table_notes,
    validation_notes,
)
from charrnn.runs.recorded_text import absolute_source, read_training_text, require_storable_sources
from charrnn.stages import OnStage, ignore_stage
from charrnn.text import corpus as corpora
from charrnn.text import windows
from charrnn.text.characters.unit_names import amount
from charrnn.text.reading.sources import DEFAULT_SOURCE
from charrnn.training.parallel.communicator import Communicator
from charrnn.words import parameter, plural

RUN_AS_TEXT = "go on with it: charrnn train --resume {run}; or start with its weights: charrnn train TEXT --from {run}"


def make_plan(
    sources: Sequence[str] = (),
    config: Config | None = None,
    base: FineTuneBase | None = None,
    ranks: Communicator | None = None,
    on_stage: OnStage = ignore_stage,
) -> Plan:
    """Read the sources (none: the built-in text) and decide every number (no `config`: by the default one). With a
    `base`, plan a fine-tune of it. `on_stage` is called with what is read, and what was found.

    Raises TextError, VocabularyError and NetworkError; ConfigError if the configuration has another network than the
    base; RunError if the `ranks` cannot train it together.
    """
    ranks = ranks or Communicator()
    plan = ranks.on_every_rank(lambda: _build(sources, config, base, ranks, on_stage))
    rank_agreement.require_same_inputs(
        plan.config, plan.corpus.sha256, ranks, plan.lineage.weights_sha256 if plan.lineage else None
    )
    threads = plan.config.runtime.threads or rank_agreement.agree_on_threads(
        plan.architecture, plan.config.training, ranks
    )
    return replace(plan, config=plan.config.with_values("runtime", threads=threads))


def _build(
    sources: Sequence[str], config: Config | None, base: FineTuneBase | None, ranks: Communicator, on_stage: OnStage
) -> Plan:
    if config is None:
        recipe = resolve.FINE_TUNE if base else resolve.DEFAULT
        config = resolve.resolve(recipe, defaults=base.settings if base else None).config
    sources = tuple(sources) or (DEFAULT_SOURCE,)
    absolute = tuple(map(absolute_source, sources))
    require_storable_sources(absolute)
    if base:
        base.require_compatible(config)
    elif config.training.l2_sp:
        raise ConfigError(
            f"training.l2_sp is {config.training.l2_sp:g}: it pulls towards the weights of a base; name one with {parameter('base')} RUN, or set it to 0"
        )
    refuse_runs(sources, RUN_AS_TEXT)
    text = read_training_text(sources, config, on_stage=on_stage)
    vocabulary = text.vocabulary(config.data.min_count)
    on_stage(amount(text.length, text.unit) + ("" if text.unit == "byte" else f", {len(vocabulary):,} different"))
    corpus = corpora.build(text, base.vocabulary.union(vocabulary) if base else vocabulary, config.data.make_split())
    sized, notes = fit_sizes(config, len(corpus.split("train")), fine_tunes=base is not None)
    rank_agreement.require_divisible(sized.training, ranks)
    symbols = rare_symbol_notes(text, config.data.min_count) + hidden_symbol_notes(text, config.data.min_count)
    notes = text.notes + table_notes(text, config.data) + corpus_notes(corpus) + (() if base else symbols) + notes
    plan = Plan(sized, corpus, absolute, notes, text.notes, text.folders, ranks=ranks)
    if base:
        training = config.training
        weights = base.weights(corpus.vocabulary, corpus.split("train"), training.seed, training.precision)
        base_notes = base.describe(text, corpus.vocabulary, config.training)
        plan = replace(plan, notes=base_notes + notes, weights=weights, lineage=base.lineage)
    return plan.with_notes(*frozen_notes(plan), *validation_notes(plan))


def fit_sizes(config: Config, characters: int, fine_tunes: bool = False) -> tuple[SizedConfig, tuple[str, ...]]:
    """The configuration with sizes for this text, and a batch and a window that fit into it, and notes about both."""
    given = sizing.fill_sizes(config, characters, sizing.FINE_TUNE if fine_tunes else sizing.FROM_SCRATCH)
    notes = [*sizing.describe_sizes(config, given, characters)]
    unit = given.data.unit
    asked = given.training.batch_size, given.training.sequence_length
    B, T = windows.fit(characters, *asked)
    if (B, T) != asked:
        notes.append(
            f"the training split has {amount(characters, unit)}, too few for {plural(asked[0], 'stream')} x {amount(asked[1], unit)}: reading {plural(B, 'stream')} x {amount(T, unit)}"
        )
    stride = given.training.stride and min(given.training.stride, T)
    return given.with_values("training", batch_size=B, sequence_length=T, stride=stride), tuple(notes)
