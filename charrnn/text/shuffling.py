"""The order in which documents or files are read: a function of a seed and their number alone."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def permutation(count: int, seed: int) -> NDArray[np.intp]:
    """The numbers 0 to `count` - 1 in the order of the SHA-256 of "SEED NUMBER", (count,).

    A hash, and no random generator: it is the same in every version of Python and NumPy and on every machine, and
    anybody can compute it. What is added at the end of a list changes nothing in the order of the others.

    >>> permutation(5, seed=0).tolist(), permutation(6, seed=0).tolist()
    ([4, 2, 1, 0, 3], [4, 2, 1, 5, 0, 3])
    """
    return np.array(sorted(range(count), key=lambda number: _key(seed, number)), np.intp)


def _key(seed: int, number: int) -> bytes:
    return hashlib.sha256(f"{seed} {number}".encode()).digest()
