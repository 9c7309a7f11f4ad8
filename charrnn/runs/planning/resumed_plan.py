"""The plan of a run that is resumed: that of its checkpoint, optionally with a new end."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from charrnn.config import resolve
from charrnn.errors import OptionError, RunError
from charrnn.runs.planning import rank_agreement
from charrnn.runs.planning.plan import Plan
from charrnn.runs.planning.plan_notes import corpus_notes, frozen_notes
from charrnn.runs.recorded_text import absolute_source, find_corpus
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.stages import OnStage, ignore_stage
from charrnn.system.cores import usable_cores
from charrnn.system.shell import shell_command
from charrnn.training.parallel.communicator import Communicator
from charrnn.words import parameter, plural

FEW_WORKERS = 64  # processes that a resumed run may start on any machine


def plan_resume(
    saved: Checkpoint,
    sources: Sequence[str],
    path: Path,
    ranks: Communicator,
    encoding: Sequence[str] = (),
    on_stage: OnStage = ignore_stage,
) -> Plan:
    """The plan of a run that is resumed, on the text it was trained on. Raises what `find_corpus` raises, and RunError
    if the `ranks` cannot train it together.
    """
    ranks.on_every_rank(lambda: require_few_workers(saved, path, ranks.size))
    hint = shell_command("charrnn train --resume", path, "TEXT")
    found, corpus = ranks.on_every_rank(lambda: find_corpus(saved, sources, hint, encoding, on_stage))
    rank_agreement.require_same_inputs(saved.config, corpus.sha256, ranks)
    rank_agreement.require_divisible(saved.config.training, ranks)
    notes = (f"from {saved.base.path}: step {saved.base.step:,}",) if saved.base else ()
    plan = Plan(
        saved.config,
        corpus,
        tuple(map(absolute_source, found)),
        notes + corpus_notes(corpus),
        lineage=saved.base,
        ranks=ranks,
    )
    return plan.with_notes(*frozen_notes(plan))


def require_few_workers(saved: Checkpoint, path: Path, ranks: int) -> None:
    """Raises RunError if a checkpoint, possibly a stranger's, would start far more processes than there are cores."""
    streams, cores = saved.config.training.batch_size // ranks, len(usable_cores())
    workers = min(saved.config.runtime.threads or 1, streams)
    if workers > max(FEW_WORKERS, 4 * cores):
        raise RunError(
            f"{parameter('resume')} {path}: its runtime.threads asks for {workers:,} processes, and this machine has {plural(cores, 'core')}; resume it on a larger machine, or start from its weights: {shell_command('charrnn train TEXT --from', path)}"
        )


def with_new_target(plan: Plan, steps: int | None, epochs: float | None, done: int) -> Plan:
    """The same plan with another end, and a note about the schedule.

    Raises ConfigError for an invalid end, and OptionError for an end that is not after the `done` steps.
    """
    origin = parameter("steps" if epochs is None else "epochs")
    options: dict[str, tuple[str, Any]] = {"training.steps": (origin, steps)}
    if epochs is not None:
        options["training.epochs"] = (origin, epochs)
    longer = replace(plan, config=resolve.override(plan.config, options))
    if longer.steps <= done:
        raise OptionError(f"{origin}: already at step {done:,}; the new end must be later; found step {longer.steps:,}")
    if longer.steps == plan.steps:
        return longer
    schedule = longer.config.training.schedule
    return longer.with_notes(
        f"the end moves from step {plan.steps:,} to {longer.steps:,}; the {schedule} schedule now runs over {plural(longer.steps, 'step')}"
    )
