"""Read and set the number of BLAS threads of this process."""

from contextlib import contextmanager

import pytest
from threadpoolctl import ThreadpoolController

MANY = 3
LIBRARIES = ThreadpoolController().select(user_api="blas")


def threads():
    """The numbers of threads of all loaded BLAS libraries; {1} if all are limited."""
    return {library["num_threads"] for library in LIBRARIES.info()}


@contextmanager
def many_threads():
    """Set MANY threads, on any number of cores; skip the test if that fails."""
    with LIBRARIES.limit(limits=MANY):
        if threads() != {MANY}:
            pytest.skip("the threads of this BLAS cannot be set")
        yield
