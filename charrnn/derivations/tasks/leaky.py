"""A sum of the past that forgets: r_t = x_t + 0.8 r_{t-1}."""

import numpy as np

from charrnn.derivations.complex_step import Array

RETENTION = 0.8  # of the sum, at each step


def leaky_sums(x: Array) -> Array:
    """r_1 ... r_T of numbers x_1 ... x_T along the first axis, from r_0 = 0.

    >>> leaky_sums(np.array([1.0, 0.0, 1.0]))
    array([1.  , 0.8 , 1.64])
    """
    sums: list[Array] = []
    for number in x:
        sums.append(number + RETENTION * sums[-1] if sums else number)
    return np.array(sums)
