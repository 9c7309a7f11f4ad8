"""Resume a run. Whatever could silently change it is refused or noted."""

import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from charrnn.errors import CheckpointError, RunError
from charrnn.package import shipped_model
from charrnn.runs import time_budget
from charrnn.runs.finding import find_run
from charrnn.runs.planning.memory_estimate import describe_network, require_memory
from charrnn.runs.planning.resumed_plan import plan_resume, with_new_target
from charrnn.runs.run import Run, lock_on_root
from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.checkpoint_header import read_header
from charrnn.runs.storage.checkpoint_record import versions
from charrnn.runs.storage.directory import BEST, CONFIG, LAST
from charrnn.runs.trainer_state import build_trainer, restore
from charrnn.stages import OnStage, ignore_stage
from charrnn.system.files.folder_handle import Folder
from charrnn.system.shell import shell_command
from charrnn.training.parallel.communicator import Communicator
from charrnn.words import parameter


def resume(
    path: Path,
    sources: Sequence[str] = (),
    steps: int | None = None,
    epochs: float | None = None,
    seconds: float | None = None,
    ranks: Communicator | None = None,
    encoding: Sequence[str] = (),
    on_stage: OnStage = ignore_stage,
) -> Run:
    """Resume a run from its last checkpoint, on all `ranks`; rank 0 reads and writes. `steps`, `epochs` or `seconds`
    from now set a new end. `sources` and `encoding` describe a text that was moved or converted (see find_text).
    `on_stage` is called with what is done.

    Raises RunError if there is nothing to resume, as in a file of weights alone, if another process trains there, or if
    the text or config.yaml has changed; OptionError if the new end is not later, or `seconds` too short for one step;
    ConfigError for an end that is out of range; and CheckpointError and TextError.
    """
    began, ranks = time.perf_counter(), ranks or Communicator()
    path = ranks.on_root(lambda: _find(path))
    with ExitStack() as held:
        folder, lock_note = lock_on_root(ranks, lambda: directory.take_lock(path), held)
        loaded = ranks.on_root(lambda: directory.load_last(folder))
        saved = loaded.checkpoint
        _refuse_weights_only(saved.weights_only, loaded.path)
        ranks.on_root(lambda: _refuse_edits(folder.path, saved))
        plan = plan_resume(saved, sources, path, ranks, encoding, on_stage)
        ranks.on_every_rank(lambda: require_memory(plan))
        on_stage(describe_network(plan))
        damaged_best = ranks.on_root(lambda: _damaged_best(folder))
        plan = plan.with_notes(loaded.note, _version_note(saved, ranks.size), damaged_best)
        if seconds is not None:
            budget = time_budget.steps_within(plan, seconds, began, on_stage)
            plan, steps = plan.with_notes(budget.note), saved.progress.step + budget.steps
        if loaded.note and steps is None and epochs is None:  # it may be older than a new end
            steps, epochs = ranks.on_root(lambda: directory.end_in_config(folder.path, saved.config))
        if steps is not None or epochs is not None:
            before, patience = plan.steps, saved.config.training.patience
            plan = with_new_target(plan, steps, epochs, saved.progress.step)
            if plan.steps != before and patience and saved.progress.evaluations_without_best >= patience:
                saved.progress.evaluations_without_best = 0
        if loaded.note or plan.config != saved.config:  # a stop before the next save must find both as they are now
            ranks.on_root(lambda: directory.save(folder, replace(saved, config=plan.config), LAST))
        ranks.on_root(lambda: directory.write_config(folder, plan.config))
        trainer = build_trainer(plan, saved.network)
        restore(trainer, saved)
        return Run(plan.with_notes(lock_note), trainer, folder, held.pop_all())


def _find(path: Path) -> Path:
    try:
        found = find_run(path, "run directory")
    except RunError as error:
        raise RunError(f"{parameter('resume')} {error}") from None
    file = shipped_model(found) or found
    if file.is_file():
        with suppress(CheckpointError):
            _refuse_weights_only(read_header(file).record.weights_only, found)
    return found


def _refuse_weights_only(weights_only: bool, path: Path) -> None:
    """Raises RunError for a checkpoint with which no training can go on."""
    if weights_only:
        raise RunError(
            f"{parameter('resume')} {path}: weights alone, without what a training needs to go on; to begin with them: "
            f"{shell_command('charrnn train TEXT --from', path)}"
        )


def _refuse_edits(path: Path, saved: Checkpoint) -> None:
    """Raises RunError if config.yaml was edited: a run keeps its configuration, and would silently ignore the edit."""
    if edits := directory.find_edits(path, saved.config):
        raise RunError(
            f"{parameter('resume')} {path}: {path / CONFIG} was changed: {'; '.join(edits)}; a run keeps its configuration: undo the edit, or start another run: {shell_command('charrnn train TEXT --config', path / CONFIG)}"
        )


def _version_note(saved: Checkpoint, ranks: int) -> str | None:
    """A note about versions that differ from those of the checkpoint."""
    now = versions(ranks)
    changed = [f"{name} {was}, now {now[name]}" for name, was in saved.versions.items() if now.get(name, was) != was]
    return f"it was trained with {', '.join(changed)}: it may not end with the same bytes" if changed else None


def _damaged_best(folder: Folder) -> str | None:
    if not folder.has_file(BEST):
        return None
    try:
        directory.load_from(folder, BEST)
    except CheckpointError as error:
        return f"{error}; the next better validation writes it again"
    return None
