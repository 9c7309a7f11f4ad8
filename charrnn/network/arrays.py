"""The array type of the mathematics."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""float32 to train, float64 to check, complex128 for the complex step: one code serves the three."""

Ids = NDArray[np.intp]
"""Characters as row numbers of W_xh, (T, B) or (B,)."""

CACHE = 1 << 20  # bytes that stay near a core: a common second-level cache


def reversed_cache_blocks(array: Array, blocks: int) -> Iterator[slice]:
    """Slices of the steps of (T, B, H), the last first, so that `blocks` such arrays of one slice stay in the cache.

    A whole slice needs fewer calls than single steps, and its results are still near when the steps read them.
    """
    T = len(array)
    steps = max(1, CACHE // max(1, blocks * array[0].nbytes))
    for end in range(T, 0, -steps):
        yield slice(max(0, end - steps), end)


def nbytes(buffers: object) -> int:
    """The memory, in bytes, of all arrays in a workspace: a dataclass, tuple or list of arrays, nested.

    >>> nbytes((np.zeros(2), [np.zeros(1)]))
    24
    """
    if isinstance(buffers, np.ndarray):
        return buffers.nbytes
    if isinstance(buffers, tuple | list):
        return sum(map(nbytes, buffers))
    if is_dataclass(buffers):
        return sum(nbytes(getattr(buffers, field.name)) for field in fields(buffers))
    return 0
