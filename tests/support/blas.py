"""How many threads the BLAS of this process may use."""

from contextlib import contextmanager

import pytest
from threadpoolctl import ThreadpoolController

MANY = 3
LIBRARIES = ThreadpoolController().select(user_api="blas")


def threads():
    """Of each BLAS; {1} where all are limited."""
    return {library["num_threads"] for library in LIBRARIES.info()}


@contextmanager
def many_threads():
    """Inside there are MANY, whatever the machine has."""
    with LIBRARIES.limit(limits=MANY):
        if threads() != {MANY}:
            pytest.skip("the threads of this BLAS cannot be set")
        yield
