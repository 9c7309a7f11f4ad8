"""The array type of the mathematics."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""float32 to train, float64 to check, complex128 for the complex step: one code serves the three."""

Ids = NDArray[np.intp]
"""Characters as row numbers, (T, B) or (B,)."""


def nbytes(buffers: object) -> int:
    """The memory of all arrays in a workspace: a dataclass or tuple of arrays, nested."""
    if isinstance(buffers, np.ndarray):
        return buffers.nbytes
    if isinstance(buffers, tuple | list):
        return sum(map(nbytes, buffers))
    if is_dataclass(buffers):
        return sum(nbytes(getattr(buffers, field.name)) for field in fields(buffers))
    return 0
