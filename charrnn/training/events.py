"""The facts of a training, in the past tense. Losses are mean nats per character."""

import math
from dataclasses import dataclass

from charrnn.diagnostics.gradflow.flow_estimate import FlowEstimate


@dataclass(frozen=True)
class Stepped:
    """One update was made; `loss` and `grad_norm` are from before it, and the norm from before clipping."""

    step: int
    epoch: float
    loss: float
    grad_norm: float
    clipped: bool
    learning_rate: float
    chars_per_second: float


@dataclass(frozen=True)
class Evaluated:
    """A whole split was read with the weights of this step; `best` if it is the lowest loss so far.

    `saturated`: the share of saturated hidden units in the state carried through the training split; see saturation.py.
    """

    step: int
    split: str
    loss: float
    bpc: float
    best: bool
    saturated: float | None = None


@dataclass(frozen=True)
class Sampled:
    """The network wrote something; `surprisals` are those of its characters, in nats."""

    step: int
    text: str
    surprisals: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Flowed(FlowEstimate):
    """Gradients were followed back through a layer, with the weights of this step."""

    step: int


@dataclass(frozen=True)
class Saved:
    """A checkpoint is on disk; `best` if it is (also) the one of the lowest validation loss."""

    step: int
    path: str
    best: bool


@dataclass(frozen=True)
class Resumed:
    """A training goes on after this step; later steps that were logged before the stop are logged again."""

    step: int


@dataclass(frozen=True)
class Recovered:
    """The training diverged at `diverged_step` and goes on after `step` with half its learning rate.

    Later steps are logged again. `learning_rate` is that of the next update; `tries` counts the
    rollbacks since the training last passed a snapshot.
    """

    step: int
    reason: str
    diverged_step: int
    learning_rate: float
    tries: int


@dataclass(frozen=True)
class Finished:
    """The training ended; `reason`: all "steps" done, no improvement for "patience" validations, or "stopped" on
    request.
    """

    step: int
    reason: str
    best_loss: float | None
    seconds: float


@dataclass(frozen=True)
class Counted:
    """An n-gram of the training split, of this order, was counted after the end of a training.

    `loss` is its loss on what the validations read, `uniform` that of a blind guess, and `best_loss` that of the
    network at its best.
    """

    step: int
    split: str
    ngram_order: int
    loss: float
    uniform: float
    best_loss: float | None


Event = Stepped | Evaluated | Sampled | Flowed | Saved | Resumed | Recovered | Finished | Counted


def bits(nats: float) -> float:
    """Nats in bits.

    >>> bits(math.log(2))
    1.0
    """
    return nats / math.log(2)


def digits(value: float, places: int = 4) -> str:
    """A loss with `places` decimal places, or with four digits where it is very small or very large.

    >>> digits(1.23456), digits(0.000123456)
    ('1.2346', '0.0001235')
    """
    small, large = 100 * 10.0**-places, 1e6
    return f"{value:.{places}f}" if value == 0 or small <= abs(value) < large else f"{value:.4g}"
