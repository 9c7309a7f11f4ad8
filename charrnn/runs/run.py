"""A training with its directory: started, resumed, followed to its end."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from charrnn.errors import NetworkError
from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.sampling import SamplingOptions
from charrnn.network.network import Network
from charrnn.runs.planning.plan import Plan
from charrnn.runs.probes import with_gradient_flow
from charrnn.runs.recovery import Rollback
from charrnn.runs.storage import checkpointing, directory, metrics_log
from charrnn.runs.trainer_state import build_trainer, capture
from charrnn.system.blas_threads import one_blas_thread
from charrnn.system.folder_handle import Folder
from charrnn.system.lock import Lock
from charrnn.training.events import Evaluated, Event, Sampled, Stepped
from charrnn.training.parallel.communicator import Communicator
from charrnn.training.trainer import Trainer

RUNS = "runs"
DIGITS = 3  # of a sample's surprisals
SAMPLE_LENGTH = 200  # characters shown now and then while training
SAMPLE_OPTIONS = SamplingOptions(temperature=0.8)


class Run:
    """A training with its directory, ready to go on."""

    def __init__(self, plan: Plan, trainer: Trainer, folder: Folder, held: ExitStack) -> None:
        """`folder` is its directory; `held` has the lock of it, which is released at the end of `events`."""
        self.plan, self.trainer, self.folder, self._held = plan, trainer, folder, held
        trainer.recovery = Rollback(trainer, folder, plan)

    @property
    def path(self) -> Path:
        """Where its directory is now; after the end, where it was then."""
        return self.folder.path

    def events(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Train, sample, look at the gradients' flow, save and log; yield each fact as it comes. Stopping at any of them loses nothing but what
        came after the last save.

        Raises DivergedError where going back does not help, and RunError when the directory cannot be written.
        """
        training = self.plan.config.training
        events = self.trainer.train(self.plan.steps, should_stop)
        events = self._with_samples(events, training.sample_every)
        events = with_gradient_flow(
            events, self.trainer.result, self.plan.corpus, training.gradflow_every, training.sequence_length
        )
        ranks = self.plan.ranks
        events = checkpointing.with_checkpoints(
            events, partial(capture, self.trainer, self.plan), self.folder, training.save_every, ranks
        )
        try:
            with one_blas_thread():
                unit = self.plan.config.data.unit
                yield from metrics_log.with_metrics_log(events, self.folder, training.save_every, ranks, unit)
        finally:
            self._held.close()

    def _with_samples(self, events: Iterable[Event], every: int | None) -> Iterator[Event]:
        """Pass the events on, with a sample after each evaluation, or after every so many steps (0: never)."""
        for event in events:
            due = (
                isinstance(event, Evaluated)
                if every is None
                else isinstance(event, Stepped) and every and event.step % every == 0
            )
            told: list[Event] = [event]
            if due:  # before a step: a save may follow it, after which a resumed run tells nothing of it anew
                told.insert(0 if isinstance(event, Stepped) else 1, self._sample(event.step))
            yield from told

    def _sample(self, step: int) -> Sampled:
        predictor = NetworkPredictor(self.trainer.result, self.trainer.label_smoothing)
        generator = Generator(predictor, self.plan.corpus.vocabulary)
        seed = (self.plan.config.training.seed, step)
        pieces = list(generator.generate_scored("", SAMPLE_LENGTH, SAMPLE_OPTIONS, seed))
        surprisals = tuple(round(surprisal, DIGITS) for _, surprisal in pieces)
        return Sampled(step, "".join(text for text, _ in pieces), surprisals)


def start(plan: Plan, out: Path | None = None) -> Run:
    """Make the run directory (none named: the next free one below runs/), and a fresh network or one with the plan's weights.

    Raises RunError when the directory holds something or cannot be made.
    """
    trainer = build_trainer(plan, _initial_network(plan))
    held = ExitStack()
    folder, note = lock_on_root(
        plan.ranks, lambda: directory.create(out) if out else directory.create_next(Path(RUNS), plan.name), held
    )
    return Run(plan.with_notes(note), trainer, folder, held)


def lock_on_root(ranks: Communicator, take: Callable[[], Lock], held: ExitStack) -> tuple[Folder, str | None]:
    """Lock a run directory in rank 0, which alone writes there, until `held` is closed. Returns the directory, and the note
    of the lock, on all ranks.
    """

    def take_and_hold() -> tuple[Folder, str | None]:
        lock = take()
        held.callback(lock.release)
        return lock.folder, lock.note

    return ranks.on_root(take_and_hold)


def _initial_network(plan: Plan) -> Network:
    """A fresh network, or a copy of the plan's weights, which may begin another training."""
    training = plan.config.training
    try:
        if plan.weights is not None:
            return plan.weights.astype(training.precision)
        return Network.fresh(plan.architecture, np.random.default_rng(training.seed), training.precision)
    except MemoryError:
        raise NetworkError("the network does not fit into this machine's memory; lower model.hidden_size") from None
