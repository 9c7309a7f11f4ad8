"""A training with its directory: started, resumed, followed to its end."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from charrnn.errors import NetworkError
from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling import SamplingOptions
from charrnn.network.network import Network
from charrnn.runs.planning.plan import Plan, with_notes
from charrnn.runs.probes import with_gradient_flow
from charrnn.runs.recovery import Rollback
from charrnn.runs.storage import checkpointing, directory, metrics_log
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.checkpoint_record import TextRecord, versions
from charrnn.runs.trainer_state import build_trainer, restore
from charrnn.system.blas_threads import one_blas_thread
from charrnn.system.lock import Lock
from charrnn.training.events import Evaluated, Event, Sampled, Stepped
from charrnn.training.trainer import Trainer

RUNS = "runs"
DIGITS = 3  # of a sample's surprisals
SAMPLE_LENGTH = 200  # characters shown now and then while training
SAMPLE_OPTIONS = SamplingOptions(temperature=0.8)


class Run:
    """A training with its directory, ready to go on."""

    def __init__(self, plan: Plan, trainer: Trainer, lock: Lock) -> None:
        """In the directory that is locked; `events` lets it go at its end."""
        self.plan, self.trainer, self.folder, self._lock = plan, trainer, lock.folder, lock
        trainer.recovery = Rollback(trainer, lock.folder, plan.config, plan.corpus.vocabulary, plan.corpus.sha256)

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
        events = checkpointing.with_checkpoints(events, self.checkpoint, self.folder, training.save_every, ranks)
        try:
            with one_blas_thread():
                unit = self.plan.config.data.unit
                yield from metrics_log.with_metrics_log(events, self.folder, training.save_every, ranks, unit)
        finally:
            self._lock.release()

    def checkpoint(self) -> Checkpoint:
        """The training as it stands, with the streams of all ranks."""
        trainer, plan = self.trainer, self.plan
        return Checkpoint(
            config=plan.config,
            vocabulary=plan.corpus.vocabulary,
            network=trainer.result,
            learning=trainer.network.parameters.flat if trainer.ema else None,
            moments=trainer.optimizer.moments,
            updates=trainer.optimizer.updates,
            state=trainer.ranks.all_gather_concat(trainer.state, axis=1),
            position=trainer.windows.position,
            progress=trainer.progress,
            text=TextRecord(plan.sources, plan.corpus.sha256, len(plan.corpus.ids)),
            versions=versions(plan.ranks.size),
            base=plan.lineage,
        )

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
        pieces = list(generator.stream_scored(SampleRequest("", SAMPLE_LENGTH, SAMPLE_OPTIONS), seed))
        surprisals = tuple(round(surprisal, DIGITS) for _, surprisal in pieces)
        return Sampled(step, "".join(text for text, _ in pieces), surprisals)


def start(plan: Plan, out: Path | None = None) -> Run:
    """Make the run directory (none named: the next free one below runs/), and a fresh network or one with the plan's weights.

    Raises RunError when the directory holds something or cannot be made.
    """
    trainer = build_trainer(plan, _allocate(lambda: _network(plan)))
    lock = plan.ranks.on_root(lambda: directory.create(out) if out else directory.create_next(Path(RUNS), plan.name))
    return Run(with_notes(plan, lock.note), trainer, lock)


def resume_from(plan: Plan, saved: Checkpoint, lock: Lock) -> Run:
    """Go on from a checkpoint."""
    trainer = build_trainer(plan, saved.network)
    restore(trainer, saved)
    return Run(with_notes(plan, lock.note), trainer, lock)


def _network(plan: Plan) -> Network:
    """At the beginning; the plan's own weights stay as they are, for another training by it."""
    training = plan.config.training
    if plan.weights is not None:
        return plan.weights.astype(training.precision)
    return Network.fresh(plan.architecture, np.random.default_rng(training.seed), training.precision)


def _allocate(make: Callable[[], Network]) -> Network:
    try:
        return make()
    except MemoryError:
        raise NetworkError("the network does not fit into this machine's memory; lower model.hidden_size") from None
