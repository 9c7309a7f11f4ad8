"""A run taken up again: everything that could silently change it is refused or told."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from charrnn.errors import CheckpointError, RunError
from charrnn.runs import run as runs
from charrnn.runs import time_budget
from charrnn.runs.planning import plan as plans
from charrnn.runs.run import Run
from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.checkpoint_record import versions
from charrnn.runs.storage.directory import BEST, CONFIG
from charrnn.system.folder_handle import Folder
from charrnn.system.lock import Lock
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
) -> Run:
    """Take up a run where its last checkpoint stands, by all `ranks`, of which the first reads and writes; `steps`, `epochs` or
    a further `seconds` may set a new end; `encoding` says what the text is in now, where it was moved or converted (see load_corpus).

    Raises RunError where there is nothing to resume, where another process trains there, or where the text or config.yaml
    has changed; and CheckpointError.
    """
    began, ranks = time.perf_counter(), ranks or Communicator()
    lock = ranks.on_root(lambda: directory.take_lock(path))
    try:
        return _resume(path, lock, sources, steps, epochs, seconds, began, ranks, encoding)
    except BaseException:
        lock.release()
        raise


def _resume(
    path: Path,
    lock: Lock,
    sources: Sequence[str],
    steps: int | None,
    epochs: float | None,
    seconds: float | None,
    began: float,
    ranks: Communicator,
    encoding: Sequence[str],
) -> Run:
    folder = lock.folder
    loaded = ranks.on_root(lambda: directory.load_last(folder))
    saved = loaded.checkpoint
    ranks.on_root(lambda: _require_unedited(folder.path, saved))
    plan = plans.plan_resume(saved, sources, path, ranks, encoding)
    plan = plans.with_notes(
        plan, loaded.note, _version_note(saved, ranks.size), ranks.on_root(lambda: _damaged_best(folder))
    )
    if seconds is not None:
        further, note = time_budget.steps_within(plan, seconds, began)
        plan, steps = plans.with_notes(plan, note), saved.progress.step + further
    if loaded.note and steps is None and epochs is None:  # it may be of before a new end
        steps, epochs = ranks.on_root(lambda: directory.end_in_config(folder.path, saved.config))
    if steps is not None or epochs is not None:
        before = plan.steps
        plan = plans.with_new_target(plan, steps, epochs, saved.progress.step)
        if plan.steps != before and _patience_has_ended(saved):
            saved.progress.evaluations_without_best = 0
    if loaded.note or plan.config != saved.config:  # a stop before the next save must find them as they are now
        ranks.on_root(lambda: directory.replace_last(folder, replace(saved, config=plan.config)))
    ranks.on_root(lambda: directory.write_config(folder, plan.config))
    return runs.resume_from(plan, saved, lock)


def _patience_has_ended(saved: Checkpoint) -> bool:
    patience = saved.config.training.patience
    return patience is not None and saved.progress.evaluations_without_best >= patience


def _require_unedited(path: Path, saved: Checkpoint) -> None:
    """A run goes on as it began: what was written into its config.yaml since would silently be ignored."""
    if edits := directory.find_edits(path, saved.config):
        raise RunError(
            f"{parameter('resume')} {path}: {path / CONFIG} was changed: {'; '.join(edits)}; a run goes on as it began: change it back, or begin another: charrnn train TEXT --config {path / CONFIG}"
        )


def _version_note(saved: Checkpoint, ranks: int) -> str | None:
    """What computes otherwise than what wrote the checkpoint."""
    now = versions(ranks)
    changed = [f"{name} {was}, now {now[name]}" for name, was in saved.versions.items() if now.get(name, was) != was]
    return f"it was trained with {', '.join(changed)}: it may not end with the same bytes" if changed else None


def _damaged_best(folder: Folder) -> str | None:
    if not folder.has_file(BEST):
        return None
    try:
        directory.load_from(folder, BEST)
    except CheckpointError as error:
        return f"{error}; it is written again with the next lower validation loss"
    return None
