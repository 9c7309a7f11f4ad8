"""When a step must not reach the weights: its loss or gradient is no number, its loss is hopeless or leaps far above its level.

The level is the mean of the losses before, the nearer the heavier, and σ their spread about it. A loss leaps when it is more
than MARGIN + SIGMAS σ above the level. That alone may be the text's doing (a stream comes to a chapter in another language):
a leap counts only where the loss of the last good snapshot, on the same window from the same state, does not leap.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from charrnn.errors import DivergedError
from charrnn.network.arrays import Array
from charrnn.text.windows import Window
from charrnn.training.events import Recovered

MEMORY = 0.98  # of the level: about fifty steps
MARGIN, SIGMAS = 1.0, 10.0  # in nats, and in standard deviations
HOPELESS = 1e6  # nats per character, of which chance needs ln V: nothing is learned there, and the level would leave its bounds


@dataclass
class Level:
    """Where the loss has been lately."""

    mean: float | None = None  # before the first loss
    variance: float = 0.0

    def add(self, loss: float) -> None:
        """Take note of a loss."""
        if self.mean is None:
            self.mean = loss
        above = loss - self.mean
        self.mean += (1 - MEMORY) * above
        self.variance = MEMORY * (self.variance + (1 - MEMORY) * above * above)

    def leaps(self, loss: float) -> bool:
        """True for a loss far above the level."""
        return self.mean is not None and loss > self.mean + MARGIN + SIGMAS * math.sqrt(self.variance)


@dataclass(frozen=True)
class Batch:
    """What the network read when it diverged, and the state in which it began, (S, B, H)."""

    window: Window
    state: Array


class Divergence(DivergedError):  # noqa: N818 (what happened; an error only where there is no way back)
    """A step that did not reach the weights, or a validation whose loss is no number or hopeless."""

    def __init__(self, step: int, reason: str, batch: Batch | None = None) -> None:
        super().__init__(f"training diverged at step {step:,}: {reason}; the weights were not changed by it")
        self.step, self.reason, self.batch = step, reason, batch


class Recovery(Protocol):
    """The way back to a good snapshot."""

    @property
    def looks_for_leaps(self) -> bool:
        """Whether a leap of the loss is reason enough to go back."""
        ...

    def loss_of_snapshot(self, batch: Batch) -> float:
        """The mean loss that the last good snapshot has on a batch."""
        ...

    def go_back(self, divergence: Divergence) -> Recovered:
        """Put the trainer back. Raises DivergedError after too many tries."""
        ...


def is_hopeless(loss: float) -> bool:
    """True for a mean loss, in nats, that is no number or beyond all learning."""
    return not loss <= HOPELESS


def is_usable(norm: float, dtype: np.dtype[np.floating]) -> bool:
    """False for the norm of a gradient whose square, which optimizers take, would be no number."""
    return norm < math.sqrt(float(np.finfo(dtype).max))
