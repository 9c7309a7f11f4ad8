"""A latency-bandwidth model of how fast n ranks train.

    step of one rank that reads s streams     t(s) = fixed + per_stream s
    all-reduce of m bytes over n ranks        r = 2 ⌈log₂ n⌉ 2 latency + 2 (n - 1) / n · m / bandwidth
    step of n ranks that read s streams each  t(s) + r
    efficiency                                t(n s) / (n (t(s) + r))

`fixed` is the work that does not depend on the number of streams: clipping, the optimizer's update, reading the weights.
MPI libraries all-reduce a gradient as a reduce-scatter and an all-gather (Rabenseifner 2004). Each takes log₂ n messages and moves
all but one n-th of the bytes; the additions are counted as part of the bandwidth. A message takes two trips, because a long one is
announced before it is sent (measured over links of 0.1 and 1 ms: 2.1 to 2.9 trips).
Efficiency 1 means: n ranks are n times as fast as one rank that reads all n s streams.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Link:
    """A network link: latency in seconds one way, and bandwidth in bytes per second in each direction."""

    latency: float
    bandwidth: float

    def all_reduce_seconds(self, n: int, size: int) -> float:
        """Seconds of an all-reduce of `size` bytes over n ranks."""
        return _message_trips(n) * self.latency + 2 * (n - 1) / n * size / self.bandwidth


@dataclass(frozen=True)
class StepCost:
    """The cost of a step on one rank in seconds, and the size of its gradient in bytes."""

    fixed: float
    per_stream: float
    size: int

    def step_seconds(self, streams: float) -> float:
        """Seconds of a step on one rank."""
        return self.fixed + self.per_stream * streams

    def step_seconds_over(self, n: int, streams: float, link: Link) -> float:
        """Seconds of a step on n ranks that read `streams` streams each."""
        return self.step_seconds(streams) + link.all_reduce_seconds(n, self.size)

    def efficiency(self, n: int, streams: float, link: Link) -> float:
        """The speed-up of n ranks over one rank, divided by n; each rank reads `streams` streams."""
        return self.step_seconds(n * streams) / (n * self.step_seconds_over(n, streams, link))

    def streams_for(self, efficiency: float, n: int, link: Link) -> float:
        """The streams that each of n ranks must read to reach this efficiency: the inverse of `efficiency`."""
        lost = efficiency * (self.fixed + link.all_reduce_seconds(n, self.size)) - self.fixed / n
        return max(0.0, lost / ((1 - efficiency) * self.per_stream))


def fit_step_cost(streams: Sequence[int], seconds: Sequence[float], size: int) -> StepCost:
    """Fit a line to the step times of one rank, measured with several numbers of streams."""
    fixed, per_stream = _fit_line(streams, seconds)
    return StepCost(fixed, per_stream, size)


def fit_link(sizes: Sequence[int], seconds: Sequence[float], n: int) -> Link:
    """Fit a link to the all-reduce times of n ranks, measured with several sizes in bytes."""
    short, per_byte = _fit_line(sizes, seconds)
    return Link(short / _message_trips(n), 2 * (n - 1) / n / per_byte)


def _message_trips(n: int) -> int:
    """Trips in sequence: two phases of ⌈log₂ n⌉ messages, each message announced and then sent."""
    return 2 * math.ceil(math.log2(n)) * 2


def _fit_line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Fit y = a + b x by least squares of the relative errors, with a ≥ 0; return a and b."""
    x_, y_ = np.asarray(x, float), np.asarray(y, float)
    a, b = np.linalg.lstsq(np.stack([1 / y_, x_ / y_], axis=1), np.ones(len(y_)), rcond=None)[0]
    if a < 0:
        a, b = 0.0, (x_ / y_).sum() / ((x_ / y_) ** 2).sum()
    return float(a), float(b)
