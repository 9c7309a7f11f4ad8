"""The functions of the documents, each with its derivative. All are complex-safe, for the complex step."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from charrnn.derivations.complex_step import Array


def tanh(a: Array) -> Array:
    """tanh a"""
    return np.tanh(a)


def tanh_slope(a: Array) -> Array:
    """1 - tanh² a = 4 σ(2a) σ(-2a), which keeps its digits where tanh a is near 1."""
    return 4 * logistic_slope(2 * a)


def logistic(a: Array) -> Array:
    """1 / (1 + e^-a), the logistic sigmoid."""
    return 1 / (1 + np.exp(-a))


def logistic_slope(a: Array) -> Array:
    """σ(a) (1 - σ(a)) = σ(a) σ(-a), which keeps its digits where σ(a) is near 1."""
    return logistic(a) * logistic(-a)


def relu(a: Array) -> Array:
    """a where it is positive, else 0."""
    return a * (np.real(a) > 0)


def relu_slope(a: Array) -> Array:
    """1 where a is positive, else 0."""
    return np.where(np.real(a) > 0, 1.0, 0.0)


def identity(a: Array) -> Array:
    """a: a linear unit."""
    return a


def identity_slope(a: Array) -> Array:
    """1"""
    return np.ones_like(a)


def softmax(g: Array) -> Array:
    """e^g_i / Σ_j e^g_j over the last axis."""
    g = g - np.max(np.real(g), axis=-1, keepdims=True)  # the ratios stay, and no e^g_i overflows
    return np.exp(g) / np.exp(g).sum(axis=-1, keepdims=True)


def softmax_jacobian(g: Array) -> Array:
    """∂y_i/∂g_j = y_i (1(i = j) - y_j), for one vector g."""
    y = softmax(g)
    return np.diag(y) - np.outer(y, y)


@dataclass(frozen=True)
class Activation:
    """φ, element by element: its value, its derivative, and γ, the largest value of the derivative."""

    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    γ: float

    def jacobian(self, a: Array) -> Array:
        """∂φ(a)/∂a = diag(φ'(a)), (n, n), for one vector a."""
        return np.diag(self.slope(a))


@dataclass(frozen=True)
class Softmax:
    """φ_o that turns a vector into probabilities."""

    name: str = "softmax"

    def value(self, g: Array) -> Array:
        """Probabilities, over the last axis."""
        return softmax(g)

    def jacobian(self, g: Array) -> Array:
        """∂y/∂g, (n, n), for one vector g."""
        return softmax_jacobian(g)


TANH = Activation("tanh", tanh, tanh_slope, 1.0)
LOGISTIC = Activation("logistic", logistic, logistic_slope, 0.25)
RELU = Activation("relu", relu, relu_slope, 1.0)
IDENTITY = Activation("identity", identity, identity_slope, 1.0)
SOFTMAX = Softmax()


def squared_error(o: Array, d: Array) -> Array:
    """½ Σ (o - d)²"""
    return np.asarray(((o - d) ** 2).sum() / 2)


def squared_error_gradient(o: Array, d: Array) -> Array:
    """o - d"""
    return o - d


def cross_entropy(o: Array, d: Array) -> Array:
    """-Σ d log o: o are probabilities of classes, d is one-hot. A class with d = 0 costs nothing: 0 log 0 is 0."""
    return np.asarray(-(d[d > 0] * np.log(o[d > 0])).sum())


def cross_entropy_gradient(o: Array, d: Array) -> Array:
    """-d / o, which is 0 where d is 0."""
    return np.where(d > 0, -d / o, 0.0)


def binary_cross_entropy(o: Array, d: Array) -> Array:
    """-Σ d log o + (1 - d) log(1 - o): each o is the probability of a 1."""
    return cross_entropy(o, d) + cross_entropy(1 - o, 1 - d)


def binary_cross_entropy_gradient(o: Array, d: Array) -> Array:
    """-d / o + (1 - d) / (1 - o), which is (o - d) / (o (1 - o))."""
    return cross_entropy_gradient(o, d) - cross_entropy_gradient(1 - o, 1 - d)


@dataclass(frozen=True)
class Loss:
    """ℓ(o, d) of an output and a target: its value, and its gradient by o."""

    name: str
    value: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]


SQUARED_ERROR = Loss("squared-error", squared_error, squared_error_gradient)
CROSS_ENTROPY = Loss("cross-entropy", cross_entropy, cross_entropy_gradient)
BINARY_CROSS_ENTROPY = Loss("binary-cross-entropy", binary_cross_entropy, binary_cross_entropy_gradient)

ACTIVATIONS = {φ.name: φ for φ in (TANH, LOGISTIC, RELU, IDENTITY)}
OUTPUTS: dict[str, Activation | Softmax] = {**ACTIVATIONS, SOFTMAX.name: SOFTMAX}
LOSSES = {loss.name: loss for loss in (SQUARED_ERROR, CROSS_ENTROPY, BINARY_CROSS_ENTROPY)}
