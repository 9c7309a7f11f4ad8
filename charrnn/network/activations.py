"""The nonlinearities φ, each with its derivative written in terms of its own value h = φ(a).

    tanh      φ' = 1 - h²         at most 1, at a = 0
    sigmoid   φ' = h (1 - h)      at most 1/4, at a = 0
    relu      φ' = 1[h > 0]

All are complex-safe: for complex arguments they are the analytic continuations that a complex step needs.
NumPy orders complex numbers by their real part first, so that `maximum(a, 0)` decides by the real part.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from charrnn.network.arrays import Array
from charrnn.system.vector_extensions import AVX2, AVX512, vector_extensions

# Arrays, because NumPy reads them faster than Python's numbers; in the lowest precision, so that no result is promoted.
HALF, ONE = np.array(0.5, np.float32), np.array(1.0, np.float32)


@dataclass(frozen=True)
class Nonlinearity:
    """`apply(a, out)` fills out with φ(a) and may do so in place; `slope(h, out)` fills out with φ' at h = φ(a).

    >>> h, slope = np.zeros(3), np.zeros(3)
    >>> _ = RELU.apply(np.array([-1.0, 0.5, 2.0]), h)
    >>> RELU.slope(h, slope)
    >>> h.tolist(), slope.tolist()
    ([0.0, 0.5, 2.0], [0.0, 1.0, 1.0])
    """

    apply: Callable[[Array, Array], object]
    slope: Callable[[Array, Array], object]


def _tanh_slope(h: Array, out: Array) -> None:
    np.multiply(h, h, out=out)
    np.subtract(ONE, out, out=out)


def sigmoid_by_tanh(a: Array, out: Array) -> None:
    """σ(a) = (1 + tanh(a / 2)) / 2, which cannot overflow."""
    np.multiply(a, HALF, out=out)
    np.tanh(out, out=out)
    np.multiply(out, HALF, out=out)
    np.add(out, HALF, out=out)


def sigmoid_by_exp(a: Array, out: Array) -> None:
    """σ(a) = 1 / (1 + exp(-a)). Where exp overflows, 1 / inf is the 0 that is meant; a complex one would not be."""
    if a.dtype.kind == "c":
        sigmoid_by_tanh(a, out)
        return
    np.negative(a, out=out)
    np.exp(out, out=out)
    np.add(out, ONE, out=out)
    np.divide(ONE, out, out=out)


def exp_is_faster() -> bool:
    """Whether NumPy's exp is faster than its tanh on this processor: it is with AVX2; not with AVX-512, nor on Arm."""
    found = vector_extensions()
    return any(name in found for name in AVX2) and not any(name in found for name in AVX512)


def _sigmoid_slope(h: Array, out: Array) -> None:
    np.subtract(ONE, h, out=out)
    np.multiply(out, h, out=out)


def _relu_slope(h: Array, out: Array) -> None:
    np.greater(h, 0, out=out, casting="unsafe")


TANH = Nonlinearity(np.tanh, _tanh_slope)
SIGMOID = Nonlinearity(sigmoid_by_exp if exp_is_faster() else sigmoid_by_tanh, _sigmoid_slope)
RELU = Nonlinearity(lambda a, out: np.maximum(a, 0, out=out), _relu_slope)

NONLINEARITIES = {"tanh": TANH, "sigmoid": SIGMOID, "relu": RELU}
