"""Processes that train one network together, on one machine or many: each reads its share of the streams.

All hold the same weights and make the same updates: what they must agree on goes through the methods below, which all
of them call in the same order. For a single process they do next to nothing, so a training needs no second path. mpi.py
has the communicator of MPI.
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
        """The number of this rank's cores: an even part of those that the ranks of a machine may use."""
        return len(usable_cores())

    def local_streams(self, count: int) -> slice:
        """Which of `count` streams are this rank's: as even as possible, in the order of the ranks, possibly none.

        >>> Communicator().local_streams(5)
        slice(0, 5, None)
        """
        ends = np.arange(self.size + 1) * count // self.size
        return slice(int(ends[self.rank]), int(ends[self.rank + 1]))

    def gradient_buffer(self, size: int, dtype: DTypeLike) -> Array:
        """A buffer for a flat gradient, (P,), that `all_reduce` can add up; called where a training begins."""
        return np.zeros(size, dtype)

    def start_all_reduce(self, from_index: int) -> None:
        """The gradient is final from this index on: that part of the sum may begin. `all_reduce` completes it."""

    def all_reduce(self, gradient: Array, loss: float) -> float:
        """Sum a gradient from `gradient_buffer`, in place, and a loss, returned, over all ranks: the same bytes on
        each.
        """
        return loss

    def any_rank_stopping(self, flag: bool) -> bool:
        """Whether any rank had set `flag` by the last `all_reduce`, which carries it; for a single process: `flag`."""
        return flag

    def all_gather(self, value: T) -> list[T]:
        """The value of each rank, in their order, on all ranks."""
        return [value]

    def all_gather_concat(self, part: Array, axis: int) -> Array:
        """The arrays of all ranks, side by side along an axis, on all ranks."""
        return part

    def on_root(self, make: Callable[[], T]) -> T:
        """What `make` returns on rank 0, which alone reads and writes, on all. What it raises is raised on all."""
        return make()

    def on_every_rank(self, make: Callable[[], T]) -> T:
        """What `make` returns on each rank. What one raises is raised on all, with its name."""
        return make()
