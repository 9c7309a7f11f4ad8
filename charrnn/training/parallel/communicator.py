"""Processes that train one network together, on one machine or many: each reads its share of the streams.

All hold the same weights and make the same updates: what they must agree on goes through the methods below, which all of
them call in the same order. A process alone is a company of one, for which these do next to nothing: a training has no other path for it.
mpi.py has the company that MPI makes.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.arrays import Array
from charrnn.system.cores import usable_cores

T = TypeVar("T")


class Alone:
    """A company of one; what a larger one does is said of each method."""

    rank = 0
    size = 1

    @property
    def cores(self) -> int:
        """The cores that are this rank's: of those that the ranks of a machine may use, an even part."""
        return len(usable_cores())

    def share(self, count: int) -> slice:
        """Which of `count` streams are this rank's: as even as can be, in the order of the ranks, and maybe none."""
        ends = np.arange(self.size + 1) * count // self.size
        return slice(int(ends[self.rank]), int(ends[self.rank + 1]))

    def room(self, P: int, dtype: DTypeLike) -> Array:
        """Room for a flat gradient, (P,), as `add` wants it, where a training begins."""
        return np.zeros(P, dtype)

    def begin_to_add(self, index: int) -> None:
        """From this index on the gradient in the room is whole; that part of the sum may begin. `add` ends it."""

    def add(self, gradient: Array, loss: float) -> float:
        """The sum over all ranks of a gradient, in place, made by `room`, and of a loss: the very same bytes on each."""
        return loss

    def heard(self, flag: bool) -> bool:
        """Whether any rank had said so by the last `add`, with which it travels; alone: now."""
        return flag

    def gather(self, value: T) -> list[T]:
        """The value of each rank, in their order, on all."""
        return [value]

    def join(self, part: Array, axis: int) -> Array:
        """What the ranks have of their streams, side by side along an axis, on all."""
        return part

    def first(self, make: Callable[[], T]) -> T:
        """What the first rank makes, on all: it alone reads and writes. What it raises is raised on all."""
        return make()

    def together(self, make: Callable[[], T]) -> T:
        """What each rank makes for itself. What one raises is raised on all, with its name."""
        return make()
