"""One BLAS thread for every product of a network.

The threads of a BLAS wait in loops that keep their cores busy. Beside another busy process a product then takes many
times as long as on one thread, and the products of a network are too small to gain much. The way a BLAS cuts a product
for its threads also changes the last bits: on one thread the same weights give the same bytes on any number of cores.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

from charrnn.system.signals import held_signals

_lock = Lock()
_inside = 0  # how many are inside, in this process
_limits_outside: Any = None  # the limits before the first came in


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """In the `with` block, every product runs on the thread that calls it. Also a decorator for a function.

    The limit holds for the whole process, until the last block ends, in any order: an iterator that is not yet at its
    end is still inside.
    """
    global _inside, _limits_outside
    with _lock:
        # Set every time: some libraries keep a limit for each thread that calls them.
        _take_control()
        limits_before = loaded_blas().limit(limits=1)
        if _inside == 0:
            _limits_outside = limits_before
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _take_control()
                _limits_outside.restore_original_limits()


def _take_control() -> None:
    """threadpoolctl 3.8 lets one thread set the limits of OpenBLAS, the first that did, and ignores every other."""
    for library in loaded_blas().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


@cache
def loaded_blas() -> ThreadpoolController:
    """The BLAS libraries of this process. Finding them takes longer than a product, so it is done once."""
    with held_signals():  # the C library calls threadpoolctl back for each library
        return ThreadpoolController().select(user_api="blas")
