"""Processes that train one network together, on one machine or many: each reads its share of the streams.

All hold the same weights and make the same updates: what they must agree on goes through the methods below, which all of
them call in the same order. For a single process they do next to nothing: a training has no other path for it.
mpi.py has the communicator of MPI.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.arrays import Array
from charrnn.system.cores import usable_cores

T = TypeVar("T")


class Communicator:
    """The communicator of a single process; each method documents what several ranks do."""

    rank = 0
    size = 1

    @property
    def cores(self) -> int:
        """The cores that are this rank's: of those that the ranks of a machine may use, an even part."""
        return len(usable_cores())

    def local_streams(self, count: int) -> slice:
        """Which of `count` streams are this rank's: as even as can be, in the order of the ranks, and maybe none."""
        ends = np.arange(self.size + 1) * count // self.size
        return slice(int(ends[self.rank]), int(ends[self.rank + 1]))

    def gradient_buffer(self, size: int, dtype: DTypeLike) -> Array:
        """Room for a flat gradient, (P,), as `all_reduce` wants it, where a training begins."""
        return np.zeros(size, dtype)

    def start_all_reduce(self, from_index: int) -> None:
        """From this index on the gradient in the room is whole; that part of the sum may begin. `all_reduce` ends it."""

    def all_reduce(self, gradient: Array, loss: float) -> float:
        """The sum over all ranks of a gradient, in place, made by `gradient_buffer`, and of a loss: the very same bytes on each."""
        return loss

    def any_rank_stopping(self, flag: bool) -> bool:
        """Whether any rank had said so by the last `all_reduce`, with which it travels; alone: now."""
        return flag

    def all_gather(self, value: T) -> list[T]:
        """The value of each rank, in their order, on all."""
        return [value]

    def all_gather_concat(self, part: Array, axis: int) -> Array:
        """What the ranks have of their streams, side by side along an axis, on all."""
        return part

    def on_root(self, make: Callable[[], T]) -> T:
        """What the first rank makes, on all: it alone reads and writes. What it raises is raised on all."""
        return make()

    def on_every_rank(self, make: Callable[[], T]) -> T:
        """What each rank makes for itself. What one raises is raised on all, with its name."""
        return make()
