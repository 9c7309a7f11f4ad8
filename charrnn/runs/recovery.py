"""The way back when a training diverges: to a checkpoint of its own run directory, with half the learning rate."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from charrnn.errors import DivergedError
from charrnn.learning.divergence import Batch, Divergence
from charrnn.learning.events import Recovered
from charrnn.learning.part import Part, Work
from charrnn.learning.trainer import Trainer
from charrnn.runs import directory, tensors
from charrnn.runs.checkpoint import PARAMETERS, STATE, Checkpoint
from charrnn.runs.config import Config
from charrnn.runs.recording import is_snapshot
from charrnn.text.vocabulary import Vocabulary

DIVERGED = "diverged.safetensors"
TRUSTING = 2  # tries from the newest snapshot; after them, that may be the bad one, and the best one serves


class GoingBack:
    """The recovery of one training in one run directory; every choice follows from what a checkpoint remembers."""

    def __init__(self, trainer: Trainer, path: Path, config: Config, vocabulary: Vocabulary) -> None:
        self._trainer, self._path, self._config, self._vocabulary = trainer, path, config, vocabulary

    @property
    def looks_for_leaps(self) -> bool:
        """Not where going back is switched off."""
        return self._config.training.recoveries > 0

    def loss_of_snapshot(self, batch: Batch) -> float:
        """The mean loss that the last good snapshot has on a batch. Raises RunError and CheckpointError."""
        network, window = self._snapshot().network, batch.window
        work = Work(window.inputs, window.targets, batch.state, new=window.new)
        return Part(network, network.parameters).do(work)[0] / window.characters

    def go_back(self, divergence: Divergence) -> Recovered:
        """Put the trainer back to a snapshot, at half the learning rate.

        Raises DivergedError, with what made it diverge written to a file, after `training.recoveries` tries from one place.
        """
        trainer, training = self._trainer, self._config.training
        progress = trainer.progress
        came_far = progress.step - progress.recovered_step >= training.save_every
        tries = 1 if came_far else progress.tries + 1
        if tries > training.recoveries:
            raise self._given_up(divergence) from None
        saved = self._snapshot() if tries <= TRUSTING else self._best()
        restore(trainer, saved)
        trainer.progress = replace(
            saved.progress, halvings=progress.halvings + 1, recovered_step=saved.progress.step, tries=tries
        )
        learning_rate = training.learning_rate * 0.5**trainer.progress.halvings
        return Recovered(saved.progress.step, divergence.reason, divergence.step, learning_rate, tries)

    def _snapshot(self) -> Checkpoint:
        """The newest snapshot. Where the training was merely stopped is none: whether it was must not matter.

        Raises RunError and CheckpointError.
        """
        last = directory.load_last(self._path).checkpoint
        if is_snapshot(last.progress, self._config.training.save_every):
            return last
        return directory.load(self._path / directory.PREVIOUS).checkpoint

    def _best(self) -> Checkpoint:
        """The one of the lowest validation loss; without one, the newest snapshot."""
        if (self._path / directory.BEST).is_file():
            return directory.load(self._path, "best").checkpoint
        return self._snapshot()

    def _given_up(self, divergence: Divergence) -> DivergedError:
        recoveries, batch = self._config.training.recoveries, divergence.batch
        told = [str(divergence), f"{self._path / directory.LAST} is from before it"]
        if recoveries:
            told.append(f"going back {recoveries} times, each time to half the learning rate, did not help")
        if batch is not None:
            with suppress(OSError):  # a full disk must not hide what happened
                self._write(batch, divergence)
                told.append(f"what the network was reading is in {self._path / DIVERGED}")
        told.append("begin again with a lower training.learning_rate, or set training.max_grad_norm (for example 1.0)")
        return DivergedError("; ".join(told))

    def _write(self, batch: Batch, divergence: Divergence) -> None:
        """Everything needed to run the step again: the weights, the window, and the state in which it began."""
        window, trainer = batch.window, self._trainer
        arrays = {"inputs": window.inputs, "targets": window.targets, "begins": window.begins}
        content = {name: np.ascontiguousarray(array, np.int64) for name, array in arrays.items()}
        content |= {STATE: batch.state}
        content |= {PARAMETERS + name: view for name, view in trainer.network.parameters.items()}
        metadata = {
            "step": str(divergence.step),
            "reason": divergence.reason,
            "new": str(window.new),
            "vocabulary": json.dumps(self._vocabulary.symbols),
            "config": self._config.model_dump_json(),
        }
        with (self._path / DIVERGED).open("wb") as file:
            tensors.write(file, content, metadata)


def restore(trainer: Trainer, saved: Checkpoint) -> None:
    """Bring a trainer to where a checkpoint stands."""
    trainer.network.parameters.flat[:] = saved.network.parameters.flat
    for name, moment in trainer.optimizer.moments.items():
        moment[:] = saved.moments[name]
    trainer.optimizer.updates = saved.updates
    trainer.windows.position, trainer.state, trainer.progress = saved.position, saved.state, saved.progress
