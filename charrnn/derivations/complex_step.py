"""Derivatives by the complex step: Im f(w + i ε) / ε. Nothing is subtracted, so they are exact to rounding.

Squire and Trapp, Using Complex Variables to Estimate Derivatives of Real Functions, SIAM Review 40 (1998).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ε = 1e-30


def derivative(f: Callable[[Array], Any], w: Any) -> Array:
    """df/dw: the shape of f(w), then the shape of w. f must be analytic, and made of complex-safe functions.

    >>> float(derivative(np.sin, 0.0))
    1.0
    """
    w = np.asarray(w, float)
    columns = []
    for index in np.ndindex(w.shape):
        moved = w.astype(complex)
        moved[index] += 1j * ε
        columns.append(np.imag(f(moved)) / ε)
    matrix = np.moveaxis(np.array(columns), 0, -1)  # a column for each number in w
    return matrix.reshape(matrix.shape[:-1] + w.shape)


def by(system: Any, parameter: str, f: Callable[[Any], Any]) -> Array:
    """df(system)/dw, where w is one of the system's parameters, by its name."""
    return derivative(lambda w: f(replace(system, **{parameter: w})), getattr(system, parameter))
