"""The training loop: an iterator of facts.

At every `yield` the trainer is consistent: stop there, save it, go on with it, or throw it away. What it must do next
follows from what it holds (`step`, `evaluated_step`, ...), so a trainer restored from a checkpoint goes on exactly
where the saved one was.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

from charrnn.network.arrays import Array
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.saturation import saturated_units
from charrnn.network.weight_dropout import WeightDropout
from charrnn.text.vocabulary import Ids
from charrnn.text.windows import Windows
from charrnn.training.divergence import Batch, Recovery, RunningLoss, StepRejectedError, is_hopeless, is_usable
from charrnn.training.events import Evaluated, Event, Finished, Stepped, bits
from charrnn.training.optim.clipping import Clipping
from charrnn.training.optim.ema import WeightEMA
from charrnn.training.optim.freezing import FrozenParameters
from charrnn.training.optim.l2_sp import L2SP
from charrnn.training.optim.look_up_rate import LookUpRate
from charrnn.training.optim.optimizers import Optimizer
from charrnn.training.optim.schedules import STALLED_VALIDATIONS, Schedule
from charrnn.training.parallel.communicator import Communicator
from charrnn.training.parallel.data_parallel import DataParallel
from charrnn.training.surprisal import StoppedError, mean_loss


@dataclass
class Progress:
    """How far a training has come: every number that it must remember, besides arrays."""

    step: int = 0
    evaluated_step: int = 0
    best_loss: float | None = None
    best_step: int = 0
    evaluations_without_best: int = 0
    stalls: int = 0
    level: RunningLoss = field(default_factory=RunningLoss)
    halvings: int = 0  # of the learning rate, one for each rollback
    recovered_step: int = 0  # where the last rollback went
    diverged_step: int = 0  # where it came from
    tries: int = 0  # rollbacks since the training last passed a snapshot


@dataclass
class Trainer:
    """A network, the text it reads, and the rules by which it learns."""

    network: Network
    windows: Windows
    state: Array  # (S, B, H), of this rank's streams, at the position of `windows`
    valid: Ids  # (n,) or (k, n), k texts; may be empty: then there is no validation
    optimizer: Optimizer
    schedule: Schedule
    clipping: Clipping
    eval_every: int
    patience: int | None = None
    threads: int = 1
    dropout: float = 0.0
    label_smoothing: float = 0.0
    seed: int = 0  # of dropout
    weight_dropout: WeightDropout = field(default_factory=WeightDropout)
    ema: WeightEMA | None = None  # None: the weights themselves are validated and saved
    l2_sp: L2SP | None = None  # None: nothing pulls the weights towards those of a base
    frozen: FrozenParameters = field(default_factory=FrozenParameters)
    look_up_rate: LookUpRate = field(default_factory=LookUpRate)
    accumulate: int = 1  # parts of the streams, one after the other
    is_fine_tune: bool = False  # then the base is validated before the first update: it may be the best there is
    ranks: Communicator = field(default_factory=Communicator)
    recovery: Recovery | None = None  # None: a rejected step ends the training
    progress: Progress = field(default_factory=Progress)

    @property
    def result(self) -> Network:
        """The trained network: the average of its weights, where one is kept."""
        return self.ema.network if self.ema else self.network

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next update."""
        progress = self.progress
        return self.schedule(progress.step, progress.stalls) * 0.5**progress.halvings

    def train(self, steps: int, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Train until `steps` updates have been made in all, or until `should_stop()`, which is polled between steps.

        Raises DivergedError for a rejected step without a recovery.
        """
        began = time.perf_counter()
        threads = min(self.threads, self.state.shape[1])
        parallel = DataParallel(self.network, threads, self.ranks, self.accumulate)
        try:
            reason = yield from self._loop(parallel, steps, should_stop)
        finally:
            parallel.close()
        progress = self.progress
        yield Finished(progress.step, reason, progress.best_loss, time.perf_counter() - began)

    def _loop(self, parallel: DataParallel, steps: int, should_stop: Callable[[], bool]) -> Generator[Event, None, str]:
        while True:
            progress = self.progress  # a rollback replaces it
            if self.ranks.any_rank_stopping(should_stop()):
                return "stopped"
            if self.evaluation_is_due(steps):
                try:
                    yield self._make_or_roll_back(lambda: self.validate(parallel, should_stop))
                except StoppedError:
                    return "stopped"
            elif self.patience is not None and progress.evaluations_without_best >= self.patience:
                return "patience"
            elif progress.step >= steps:
                return "steps"
            else:
                yield self._make_or_roll_back(lambda: self.step(parallel))

    def _make_or_roll_back(self, make: Callable[[], Event]) -> Event:
        """Call `make` and return its event. If the step is rejected, roll back and return that event."""
        try:
            return make()
        except StepRejectedError as rejected:
            if self.recovery is None:
                raise
            return self.recovery.roll_back(rejected)

    def step(self, parallel: DataParallel) -> Stepped:
        """Make one update. Raises StepRejectedError before the weights are touched; see divergence.py."""
        began = time.perf_counter()
        progress, windows = self.progress, self.windows
        window = next(windows)
        self.state[:, window.fresh_streams] = 0
        before = self.state.copy()
        dropout = Dropout(self.dropout, self.seed, progress.step, windows.streams.start) if self.dropout else None
        weights = self.network.parameters.flat
        with self.weight_dropout.apply(weights, parallel.gradient.flat, progress.step):
            loss = parallel.loss_and_gradient(window, self.state, dropout, self.label_smoothing)
        self.frozen.mask(parallel.gradient.flat)
        norm, clipped = self.clipping(parallel.gradient.flat)
        batch = Batch(window, before)
        if reason := self._rejection_reason(batch, loss, norm):
            raise StepRejectedError(progress.step + 1, reason, batch)
        progress.level.add(loss)
        learning_rate = self.learning_rate
        with self.frozen.preserve(weights):
            with self.look_up_rate.apply(weights):
                self.optimizer.update(weights, parallel.gradient.flat, learning_rate)
            if self.l2_sp:
                self.l2_sp.pull(weights, learning_rate)
        if self.ema:
            with self.frozen.preserve(self.ema.flat):
                self.ema.update(weights, self.optimizer.updates)
        progress.step += 1
        rate = window.target_count / (time.perf_counter() - began)
        return Stepped(progress.step, windows.epoch, loss, norm, clipped, learning_rate, rate)

    def _rejection_reason(self, batch: Batch, loss: float, norm: float) -> str | None:
        """Why a step must not reach the weights; None where it may."""
        bounded = min(norm, self.clipping.max_grad_norm or norm)
        if is_hopeless(loss) or not (math.isfinite(norm) and is_usable(bounded, self.network.parameters.flat.dtype)):
            return f"loss {loss:.4g}, gradient norm {norm:.4g}"
        level = self.progress.level
        if self.recovery and self.recovery.detects_spikes and level.is_spike(loss):
            earlier = self.recovery.snapshot_loss(batch)
            if not level.is_spike(earlier):
                return f"loss {loss:.4g}, with earlier weights {earlier:.4g}"
        return None

    def evaluation_is_due(self, steps: int) -> bool:
        """Whether a training of `steps` updates validates next."""
        progress = self.progress
        on_time = progress.step % self.eval_every == 0 or progress.step >= steps
        base_is_due = self.is_fine_tune and progress.step == 0 and progress.best_loss is None
        return self.valid.size > 0 and on_time and (progress.evaluated_step < progress.step or base_is_due)

    def validate(self, parallel: DataParallel, should_stop: Callable[[], bool] = lambda: False) -> Evaluated:
        """The loss on the validation text now. Raises StepRejectedError where it is hopeless, and StoppedError."""
        progress, weights = self.progress, self.network.parameters.flat
        with self.ema.swapped_in(weights) if self.ema else nullcontext():
            loss = mean_loss(self.network, self.valid, parallel, should_stop, self.windows.end_id)
        if is_hopeless(loss):
            raise StepRejectedError(progress.step, f"validation loss {loss:.4g}")
        best = progress.best_loss is None or loss < progress.best_loss
        progress.evaluated_step = progress.step
        if best:
            progress.best_loss, progress.best_step, progress.evaluations_without_best = loss, progress.step, 0
        else:
            progress.evaluations_without_best += 1
            progress.stalls += int(progress.evaluations_without_best % STALLED_VALIDATIONS == 0)
        saturated = saturated_units(self.network.architecture, self.state)
        return Evaluated(progress.step, "valid", loss, bits(loss), best, saturated)
