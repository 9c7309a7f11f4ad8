"""One BLAS thread for every product of a network.

The threads of a BLAS wait in loops that keep their cores busy. Beside another busy process a product then takes many times as
long as on one thread, and the products of a network are too small to gain much. The way a BLAS cuts a product for its threads
also changes the last bits: on one thread the same weights give the same bytes on any number of cores.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Inside, every product runs on the thread that calls it. Also a decorator for a function.

    The limit holds for the whole process, until the last of those inside leaves, in any order: an iterator that is not yet at its
    end is still inside.
    """
    limit = _limit()
    limit.enter()
    try:
        yield
    finally:
        limit.leave()


class _Limit:
    """The limit of this process, and how many are inside."""

    def __init__(self) -> None:
        self._libraries = ThreadpoolController().select(user_api="blas")
        self._lock, self._inside = Lock(), 0
        self._outside: Any = None  # the limits before the first came in

    def enter(self) -> None:
        """Set the limit every time: some libraries keep one for each thread that calls them."""
        with self._lock:
            limited = self._libraries.limit(limits=1)
            if self._inside == 0:
                self._outside = limited
            self._inside += 1

    def leave(self) -> None:
        """The last one out restores the limits."""
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._outside.restore_original_limits()


@cache
def _limit() -> _Limit:
    """The limit of the process. Finding the libraries takes longer than a product, so it is done once."""
    return _Limit()
