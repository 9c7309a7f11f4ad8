"""One BLAS thread for every product of a network.

A BLAS with threads of its own lets them wait in loops that use up their cores. Beside another busy process a product then takes many
times as long as on one thread, and the products of a network are too small to gain much. How a BLAS cuts a product for its
threads also moves the last bits: on one thread the same weights give the same bytes on any number of cores.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Inside, every product runs on the thread that asks for it; also a decorator for a function.

    The limit is that of the whole process. It ends when the last of those inside leaves, in whatever order they do: an iterator
    that is not yet at its end is still inside.
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
        self._outside: Any = None  # what was there before the first came in

    def enter(self) -> None:
        """Limit again for each: some libraries keep a limit for each of the threads that call them."""
        with self._lock:
            limited = self._libraries.limit(limits=1)
            if self._inside == 0:
                self._outside = limited
            self._inside += 1

    def leave(self) -> None:
        """The last one out puts back what was there."""
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._outside.restore_original_limits()


@cache
def _limit() -> _Limit:
    """One, as the process has one limit; the libraries are looked for once, which takes longer than a product."""
    return _Limit()
