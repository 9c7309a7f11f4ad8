"""A training with its run directory."""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Generator as Events
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from charrnn.errors import NetworkError
from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling import SamplingOptions
from charrnn.network.network import Network
from charrnn.runs.baseline import with_baseline
from charrnn.runs.finding import RUNS
from charrnn.runs.gradflow_probe import with_gradient_flow
from charrnn.runs.planning.plan import Plan
from charrnn.runs.recovery import Rollback
from charrnn.runs.storage import checkpointing, directory, metrics_log
from charrnn.runs.trainer_state import build_trainer, capture
from charrnn.system.blas_threads import one_blas_thread
from charrnn.system.files.folder_handle import Folder
from charrnn.system.files.lock import Lock
from charrnn.training.events import Evaluated, Event, Sampled, Stepped
from charrnn.training.parallel.communicator import Communicator
from charrnn.training.trainer import Trainer

DIGITS = 3  # decimals of a sample's surprisals
SAMPLE_LENGTH = 200  # characters of a sample during a training
SAMPLE_OPTIONS = SamplingOptions(temperature=0.8)
FIRST_SAMPLES = (25, 50, 100, 200, 400)  # steps: a beginner sees within seconds that it learns


class Run:
    """A training with its run directory, ready to train."""

    def __init__(self, plan: Plan, trainer: Trainer, folder: Folder, held: ExitStack) -> None:
        """`folder` is the run directory. `held` has its lock, which is released at the end of `events`."""
        self.plan, self.trainer, self.folder, self._held = plan, trainer, folder, held
        trainer.recovery = Rollback(trainer, folder, plan)

    @property
    def path(self) -> Path:
        """The run directory's path now; after the end of the training, its path at that time."""
        return self.folder.path

    def events(self, should_stop: Callable[[], bool] = lambda: False) -> Events[Event, None, None]:
        """Train, sample, probe the gradient flow, save, count and log; yield each event as it happens. A caller that
        stops at any event loses only what came after the last save.

        Raises DivergedError if rolling back does not help, and RunError if the directory cannot be written.
        """
        training = self.plan.config.training
        events = self.trainer.train(self.plan.steps, should_stop)
        events = self._with_samples(events)
        events = with_gradient_flow(
            events, self.trainer.result, self.plan.corpus, training.gradflow_every, training.sequence_length
        )
        ranks = self.plan.ranks
        events = checkpointing.with_checkpoints(
            events, partial(capture, self.trainer, self.plan, self.folder), self.folder, training.save_every, ranks
        )
        events = with_baseline(events, self.plan, should_stop)
        try:
            with one_blas_thread():
                unit = self.plan.config.data.unit
                yield from metrics_log.with_metrics_log(events, self.folder, training.save_every, ranks, unit)
        finally:
            self._held.close()

    def _with_samples(self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass the events on, with a sample wherever one is due."""
        for event in events:
            if isinstance(event, Stepped) and self._sample_is_due(event.step):
                yield self._sample(event.step)  # before its step: a save may follow that, and must have the sample
            yield event
            if isinstance(event, Evaluated) and self.plan.config.training.sample_every is None:
                yield self._sample(event.step)

    def _sample_is_due(self, step: int) -> bool:
        """Whether a sample belongs to this step, apart from those of validations."""
        every = self.plan.config.training.sample_every
        if every is not None:
            return every > 0 and step % every == 0
        if not self.trainer.valid.size:
            return step in FIRST_SAMPLES or step % self.plan.eval_every == 0 or step == self.plan.steps
        return step in FIRST_SAMPLES and not self.trainer.evaluation_is_due(self.plan.steps)

    def _sample(self, step: int) -> Sampled:
        predictor = NetworkPredictor(self.trainer.result, self.trainer.label_smoothing)
        generator = Generator(predictor, self.plan.corpus.vocabulary)
        seed = (self.plan.config.training.seed, step)
        pieces = list(generator.stream_pieces(SampleRequest("", SAMPLE_LENGTH, SAMPLE_OPTIONS), seed))
        surprisals = tuple(round(surprisal, DIGITS) for _, surprisal in pieces)
        return Sampled(step, "".join(text for text, _ in pieces), surprisals)


def start(plan: Plan, out: Path | None = None) -> Run:
    """Make the run directory (none named: the next free one below runs/), and a fresh network or one with the plan's
    weights.

    Raises RunError if the directory is not empty or cannot be made.
    """
    trainer = build_trainer(plan, initial_network(plan))
    held = ExitStack()
    folder, note = lock_on_root(
        plan.ranks, lambda: directory.create(out) if out else directory.create_next(Path(RUNS), plan.name), held
    )
    return Run(plan.with_notes(note), trainer, folder, held)


def lock_on_root(ranks: Communicator, take: Callable[[], Lock], held: ExitStack) -> tuple[Folder, str | None]:
    """Lock a run directory in rank 0, the only rank that writes there, until `held` is closed. Returns the directory
    and the lock's note on all ranks.
    """

    def take_and_hold() -> tuple[Folder, str | None]:
        lock = take()
        held.callback(lock.release)
        return lock.folder, lock.note

    return ranks.on_root(take_and_hold)


def initial_network(plan: Plan) -> Network:
    """A fresh network, or a copy of the plan's weights: the plan may start another training. Raises NetworkError."""
    training = plan.config.training
    try:
        if plan.weights is not None:
            return plan.weights.astype(training.precision)
        return Network.fresh(plan.architecture, np.random.default_rng(training.seed), training.precision)
    except MemoryError:
        raise NetworkError("the network does not fit into this machine's memory; lower model.hidden_size") from None
