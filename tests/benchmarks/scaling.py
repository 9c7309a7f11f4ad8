"""How fast n ranks are, from what one rank and the wires between them do: a model.

    step of one rank that reads s streams     t(s) = fixed + per_stream s
    sum over n ranks of m bytes               r = 2 ⌈log₂ n⌉ 2 latency + 2 (n - 1) / n · m / bandwidth
    step of n ranks that read s streams each  t(s) + r
    efficiency                                t(n s) / (n (t(s) + r))

`fixed` is what each rank does for itself however few streams it reads: clipping, the optimizer's update, reading the weights. The
sum is scattered and gathered again in halves (Rabenseifner 2004), as MPI libraries do it for gradients: each half of the way takes
log₂ n messages, and brings all but one n-th of the bytes; adding them up is part of the bandwidth. A message takes two trips: a long
one is announced before it is brought (measured over wires of 0.1 and 1 ms: 2.1 to 2.9 trips).
Efficiency 1: n ranks train as fast as n times the one that reads all n s streams by itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Link:
    """What lies between ranks: seconds of a trip from one to the other, and bytes per second, each way at once."""

    latency: float
    bandwidth: float

    def sum_over(self, n: int, size: int) -> float:
        """Seconds until n ranks have the sum of `size` bytes each."""
        return _trips(n) * self.latency + 2 * (n - 1) / n * size / self.bandwidth


@dataclass(frozen=True)
class Work:
    """A step on one rank, in seconds, and the bytes of its gradient."""

    fixed: float
    per_stream: float
    size: int

    def alone(self, streams: float) -> float:
        """Seconds of a step of one rank."""
        return self.fixed + self.per_stream * streams

    def together(self, n: int, streams: float, link: Link) -> float:
        """Seconds of a step of n ranks that read so many streams each."""
        return self.alone(streams) + link.sum_over(n, self.size)

    def efficiency(self, n: int, streams: float, link: Link) -> float:
        """How many times as fast as one rank n of them are, divided by n; `streams` are those of each."""
        return self.alone(n * streams) / (n * self.together(n, streams, link))

    def streams_for(self, efficiency: float, n: int, link: Link) -> float:
        """How many streams each of n ranks must read to be so efficient: where `efficiency` says so."""
        lost = efficiency * (self.fixed + link.sum_over(n, self.size)) - self.fixed / n
        return max(0.0, lost / ((1 - efficiency) * self.per_stream))


def fitted_work(streams: Sequence[int], seconds: Sequence[float], size: int) -> Work:
    """The line through the steps of one rank that was measured with several numbers of streams."""
    fixed, per_stream = _line(streams, seconds)
    return Work(fixed, per_stream, size)


def fitted_link(sizes: Sequence[int], seconds: Sequence[float], n: int) -> Link:
    """The link of which n ranks measured the sum over gradients of several sizes, in bytes."""
    short, per_byte = _line(sizes, seconds)
    return Link(short / _trips(n), 2 * (n - 1) / n / per_byte)


def _trips(n: int) -> int:
    """How many follow one another: scattered and gathered, each in rounds, each message announced and brought."""
    return 2 * math.ceil(math.log2(n)) * 2


def _line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """The line y = a + b x whose relative errors have the least squares, with a ≥ 0."""
    x_, y_ = np.asarray(x, float), np.asarray(y, float)
    a, b = np.linalg.lstsq(np.stack([1 / y_, x_ / y_], axis=1), np.ones(len(y_)), rcond=None)[0]
    if a < 0:
        a, b = 0.0, (x_ / y_).sum() / ((x_ / y_) ** 2).sum()
    return float(a), float(b)
