"""When a step must not reach the weights: its loss or gradient is no number, its loss is hopeless, or a spike far above the losses before.

The level is the mean of the losses before, the nearer the heavier, and σ their spread about it. A loss is a spike when it is more
than SPIKE_MARGIN + SPIKE_SIGMAS σ above the level. That alone may be the text's doing (a stream comes to a chapter in another language):
a spike counts only where the loss of the last good snapshot, on the same window from the same state, is none.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from charrnn.errors import DivergedError
from charrnn.network.arrays import Array
from charrnn.text.windows import Window
from charrnn.training.events import Recovered
from charrnn.training.moving_average import DECAY

SPIKE_MARGIN, SPIKE_SIGMAS = 1.0, 10.0  # in nats, and in standard deviations
MAX_LOSS = 1e6  # nats per character, of which chance needs ln V: nothing is learned there, and the level would leave its bounds


@dataclass
class RunningLoss:
    """The running mean and variance of the loss."""

    mean: float | None = None  # before the first loss
    variance: float = 0.0

    def add(self, loss: float) -> None:
        """Take note of a loss."""
        if self.mean is None:
            self.mean = loss
        above = loss - self.mean
        self.mean += (1 - DECAY) * above
        self.variance = DECAY * (self.variance + (1 - DECAY) * above * above)

    def is_spike(self, loss: float) -> bool:
        """True for a loss far above the running mean."""
        return self.mean is not None and loss > self.mean + SPIKE_MARGIN + SPIKE_SIGMAS * math.sqrt(self.variance)


@dataclass(frozen=True)
class Batch:
    """What the network read when it diverged, and the state in which it began, (S, B, H)."""

    window: Window
    state: Array


class StepRejectedError(DivergedError):
    """A step that did not reach the weights, or a validation whose loss is no number or hopeless."""

    def __init__(self, step: int, reason: str, batch: Batch | None = None) -> None:
        super().__init__(f"training diverged at step {step:,}: {reason}; the weights were not changed by it")
        self.step, self.reason, self.batch = step, reason, batch


class Recovery(Protocol):
    """The way back to a good snapshot."""

    @property
    def detects_spikes(self) -> bool:
        """Whether a spike of the loss is reason enough to roll back."""
        ...

    def loss_of_snapshot(self, batch: Batch) -> float:
        """The mean loss that the last good snapshot has on a batch."""
        ...

    def roll_back(self, rejected: StepRejectedError) -> Recovered:
        """Put the trainer back. Raises DivergedError after too many tries."""
        ...


def is_hopeless(loss: float) -> bool:
    """True for a mean loss, in nats, that is no number or beyond all learning."""
    return not loss <= MAX_LOSS


def is_usable(norm: float, dtype: np.dtype[np.floating]) -> bool:
    """False for the norm of a gradient whose square, which optimizers take, would be no number."""
    return norm < math.sqrt(float(np.finfo(dtype).max))
