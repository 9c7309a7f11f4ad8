"""When a step must not reach the weights: its loss or gradient is not finite, its loss is hopeless, or it is a spike.

A loss is a spike when it is more than SPIKE_MARGIN + SPIKE_SIGMAS σ above the moving average of the losses before; σ is
their standard deviation. The text alone may cause that (a stream comes to a chapter in another language): a spike
counts only if the last good snapshot has no spike on the same window from the same state.
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

DIVERGED = "training diverged"  # how the message of such an error begins
SPIKE_MARGIN, SPIKE_SIGMAS = 1.0, 10.0  # in nats, and in standard deviations
MAX_LOSS = 1e6  # nats per character; chance needs ln V. Nothing is learned there, and the variance would overflow


@dataclass
class RunningLoss:
    """The running mean and variance of the loss; a checkpoint holds both.

    >>> level = RunningLoss()
    >>> for loss in (2.0, 2.1, 2.0):
    ...     level.add(loss)
    >>> level.is_spike(2.3), level.is_spike(9.0)
    (False, True)
    """

    mean: float | None = None  # before the first loss
    variance: float = 0.0

    def add(self, loss: float) -> None:
        """Take in the next loss."""
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
    """What the network read when it diverged, and the state before it, (S, B, H)."""

    window: Window
    state: Array


class StepRejectedError(DivergedError):
    """Raised for a step that did not reach the weights, or a validation loss that is not finite or hopeless."""

    def __init__(self, step: int, reason: str, batch: Batch | None = None) -> None:
        super().__init__(f"{DIVERGED} at step {step:,}: {reason}; the weights were not changed by it")
        self.step, self.reason, self.batch = step, reason, batch


class Recovery(Protocol):
    """The way back to a good snapshot."""

    @property
    def detects_spikes(self) -> bool:
        """Whether a spike of the loss is a reason to roll back."""
        ...

    def snapshot_loss(self, batch: Batch) -> float:
        """The mean loss that the last good snapshot has on a batch."""
        ...

    def roll_back(self, rejected: StepRejectedError) -> Recovered:
        """Put the trainer back to the snapshot. Raises DivergedError after too many tries."""
        ...


def is_hopeless(loss: float) -> bool:
    """True for a mean loss, in nats, that is not finite or beyond all learning.

    >>> is_hopeless(2.5), is_hopeless(math.nan)
    (False, True)
    """
    return not loss <= MAX_LOSS


def is_usable(norm: float, dtype: np.dtype[np.floating]) -> bool:
    """False for the norm of a gradient whose square, which optimizers take, would overflow."""
    return norm < math.sqrt(float(np.finfo(dtype).max))
