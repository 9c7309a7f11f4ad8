"""Recovery from divergence: roll back to a checkpoint of the run, and go on with half the learning rate."""

import json
from dataclasses import replace

import numpy as np

from charrnn.errors import CheckpointError, DivergedError, RunError
from charrnn.network.window_options import WindowOptions
from charrnn.runs.planning.plan import Plan
from charrnn.runs.storage import directory, safetensors_file
from charrnn.runs.storage.checkpoint import PARAMETERS, STATE, Checkpoint
from charrnn.runs.storage.checkpointing import is_snapshot
from charrnn.runs.storage.directory import BEST, DIVERGED, LAST, PREVIOUS, LoadedCheckpoint
from charrnn.runs.trainer_state import restore
from charrnn.system.files.folder_handle import Folder
from charrnn.training.divergence import Batch, StepRejectedError
from charrnn.training.events import Recovered
from charrnn.training.parallel.communicator import Communicator
from charrnn.training.parallel.replica import Replica, Shard
from charrnn.training.trainer import Progress, Trainer

LOWER_RATE = "start again with a lower training.learning_rate, or set training.max_grad_norm (for example 1.0)"
TRIES_FROM_NEWEST = 2  # if they fail, the newest snapshot may be bad itself, and the best one is used


class Rollback:
    """The recovery of one training in its run directory. Each choice depends only on what a checkpoint stores."""

    def __init__(self, trainer: Trainer, folder: Folder, plan: Plan) -> None:
        self._trainer, self._folder, self._config, self._corpus = trainer, folder, plan.config, plan.corpus

    @property
    def detects_spikes(self) -> bool:
        """Whether rolling back is switched on."""
        return self._config.training.recoveries > 0

    def snapshot_loss(self, batch: Batch) -> float:
        """The mean loss of the newest snapshot on a batch. Raises RunError and CheckpointError."""
        network, window = self._trainer.ranks.on_root(self._newest).network, batch.window
        options = WindowOptions(loss_steps=window.loss_steps, reset_mask=window.reset_mask)
        shard = Shard(window.inputs, window.targets, batch.state, options=options)
        losses = self._trainer.ranks.all_gather(float(Replica(network, network.parameters).run(shard)[0]))
        return sum(losses) / window.target_count

    def roll_back(self, rejected: StepRejectedError) -> Recovered:
        """Put the trainer back to a snapshot, at half the learning rate.

        Raises DivergedError after `training.recoveries` tries that did not reach a later snapshot, and writes what the
        network was reading to a file. Raises RunError and CheckpointError if there is no snapshot.
        """
        trainer, training = self._trainer, self._config.training
        before = trainer.progress
        beyond = before.step - before.step % training.save_every > before.diverged_step
        tries = 1 if beyond else before.tries + 1
        if tries > training.recoveries:
            raise self._no_more_tries(rejected) from rejected
        saved = trainer.ranks.on_root(self._newest if tries <= TRIES_FROM_NEWEST else self._best)
        restore(trainer, saved)
        trainer.progress = _progress_after_rollback(before, saved.progress, rejected.step, tries)
        learning_rate = trainer.learning_rate
        return Recovered(saved.progress.step, rejected.reason, rejected.step, learning_rate, tries)

    def _newest(self) -> Checkpoint:
        """The newest snapshot. A checkpoint of a training that was merely stopped is not a snapshot, because a stop
        must not change the result; but it is used if the snapshot before it is lost.

        Raises RunError and CheckpointError.
        """
        last = self._ours(directory.load_last(self._folder))
        if is_snapshot(last.progress, self._config.training.save_every):
            return last
        try:
            return self._ours(directory.load_from(self._folder, PREVIOUS))
        except (RunError, CheckpointError):
            return last

    def _best(self) -> Checkpoint:
        """The checkpoint with the lowest validation loss, or the newest snapshot if that is older."""
        newest = self._newest()
        try:
            best = self._ours(directory.load_from(self._folder, BEST))
        except (RunError, CheckpointError):
            return newest
        return best if best.progress.step <= newest.progress.step else newest

    def _ours(self, loaded: LoadedCheckpoint) -> Checkpoint:
        """The loaded checkpoint. Raises CheckpointError if it belongs to another run."""
        found = loaded.checkpoint
        if (
            found.text.sha256 != self._corpus.sha256
            or found.vocabulary != self._corpus.vocabulary
            or not found.config.differs_only_in_end(self._config)
            or found.weights_only
        ):
            raise CheckpointError(f"{loaded.path}: belongs to another run")
        return found

    def _no_more_tries(self, rejected: StepRejectedError) -> DivergedError:
        recoveries, batch = self._config.training.recoveries, rejected.batch
        parts = [str(rejected), f"{self._folder.path / LAST} was saved before that"]
        if recoveries:
            parts.append(f"rolling back {recoveries} times, with half the learning rate each time, did not help")
        if batch is not None:
            whole = _gather(batch, self._trainer.ranks)
            if self._trainer.ranks.on_root(lambda: self._write(whole, rejected)):
                parts.append(f"what the network was reading is in {self._folder.path / DIVERGED}")
        parts.append(LOWER_RATE)
        return DivergedError("; ".join(parts))

    def _write(self, batch: Batch, rejected: StepRejectedError) -> bool:
        """Write what is needed to run the step again: the weights, the window, and the state before it. Returns False
        if that fails: a full disk must not hide the divergence.
        """
        window, trainer = batch.window, self._trainer
        arrays = {"inputs": window.inputs, "targets": window.targets, "begins": window.fresh_streams}
        if window.reset_mask is not None:
            arrays["resets"] = window.reset_mask
        content = {name: np.ascontiguousarray(array, np.int64) for name, array in arrays.items()}
        content |= {STATE: batch.state}
        content |= {PARAMETERS + name: view for name, view in trainer.network.parameters.items()}
        metadata = {
            "step": str(rejected.step),
            "reason": rejected.reason,
            "new": str(window.loss_steps),
            "vocabulary": json.dumps(self._corpus.vocabulary.symbols),
            "config": self._config.model_dump_json(),
        }
        try:
            with self._folder.whole_file(DIVERGED) as file:
                safetensors_file.write(file, content, metadata)
        except OSError:
            return False
        return True


def _progress_after_rollback(before: Progress, saved: Progress, diverged_step: int, tries: int) -> Progress:
    """The progress of the snapshot, with the halved learning rate and the best loss of the training that diverged."""
    after = replace(
        saved,
        halvings=before.halvings + 1,
        stalls=max(before.stalls, saved.stalls),
        evaluations_without_best=min(before.evaluations_without_best, saved.evaluations_without_best),
        recovered_step=saved.step,
        diverged_step=diverged_step,
        tries=tries,
    )
    if before.best_step > saved.step:
        after = replace(after, best_loss=before.best_loss, best_step=before.best_step)
    return after


def _gather(batch: Batch, ranks: Communicator) -> Batch:
    """The batch with the streams of all ranks."""
    window = batch.window
    whole = replace(
        window,
        inputs=ranks.all_gather_concat(window.inputs, 1),
        targets=ranks.all_gather_concat(window.targets, 1),
        fresh_streams=ranks.all_gather_concat(window.fresh_streams, 0),
        reset_mask=ranks.all_gather_concat(
            np.zeros_like(window.inputs, bool) if window.reset_mask is None else window.reset_mask, 1
        ),
    )
    return Batch(whole, ranks.all_gather_concat(batch.state, 1))
