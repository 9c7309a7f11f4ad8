"""Update rules: from a gradient to a change of the parameters, both flat vectors, (P,).

    sgd        w ← w - α g
    momentum   m ← μ m + g                              w ← w - α m                 (Polyak 1964)
    adagrad    v ← v + g²                               w ← w - α g / (√v + ε)      (Duchi, Hazan and Singer 2011)
    rmsprop    v ← ρ v + (1 - ρ) g²                     w ← w - α g / (√v + ε)      (Hinton 2012)
    adam       m ← β₁ m + (1 - β₁) g
               v ← β₂ v + (1 - β₂) g²                   w ← w - α m̂ / (√v̂ + ε)      (Kingma and Ba 2015)
    adamw      w ← (1 - α λ) w, then adam                                           (Loshchilov and Hutter 2019)

with m̂ = m / (1 - β₁ⁿ) and v̂ = v / (1 - β₂ⁿ) at update n = 1, 2, ... The constants are PyTorch's defaults, and each
rule equals PyTorch's optimizer of that name. weight_decay λ adds λ w to the gradient; only adamw takes it off the
weights themselves. The learning rate α is an argument of each update, so that a schedule never touches the moments.
"""

import math

import numpy as np

from charrnn.network.arrays import Array

MOMENTUM = 0.9
RMSPROP_DECAY = 0.99  # ρ of rmsprop
BETA_1, BETA_2 = 0.9, 0.999
EPSILON = 1e-8
ADAGRAD_EPSILON = 1e-10


class Optimizer:
    """An update rule and its memory: `moments`, named vectors of (P,), and the number of `updates` made.

    >>> w = np.array([1.0, 2.0])
    >>> SGD(w).update(w, np.array([1.0, -1.0]), learning_rate=0.5)
    >>> w.tolist()
    [0.5, 2.5]
    """

    names_of_moments: tuple[str, ...] = ()

    def __init__(self, like: Array, weight_decay: float = 0.0) -> None:
        """For parameters of the shape and precision of `like`, (P,)."""
        self.moments: dict[str, Array] = {name: np.zeros_like(like) for name in self.names_of_moments}
        self.updates = 0
        self.weight_decay = weight_decay
        self._buffer = np.zeros_like(like)

    @np.errstate(all="ignore")  # the trainer reports what is not finite
    def update(self, w: Array, g: Array, learning_rate: float) -> None:
        """Change the parameters w in place; g is overwritten."""
        self.updates += 1
        self._decay(w, g, learning_rate)
        self._apply(w, g, learning_rate)

    def _decay(self, w: Array, g: Array, learning_rate: float) -> None:
        """g ← g + λ w"""
        if self.weight_decay:
            np.multiply(w, self.weight_decay, out=self._buffer)
            np.add(g, self._buffer, out=g)

    def _apply(self, w: Array, g: Array, learning_rate: float) -> None:
        raise NotImplementedError


class SGD(Optimizer):
    """Plain stochastic gradient descent, the update of the derivations."""

    def _apply(self, w: Array, g: Array, learning_rate: float) -> None:
        np.multiply(g, learning_rate, out=g)
        np.subtract(w, g, out=w)  #                 w ← w - α g


class Momentum(Optimizer):
    """Gradient descent with momentum μ = 0.9."""

    names_of_moments = ("m",)

    def _apply(self, w: Array, g: Array, learning_rate: float) -> None:
        m = self.moments["m"]
        np.multiply(m, MOMENTUM, out=m)
        np.add(m, g, out=m)  #                      m ← μ m + g
        np.multiply(m, learning_rate, out=g)
        np.subtract(w, g, out=w)  #                 w ← w - α m


class Adagrad(Optimizer):
    """Each weight's rate falls with the sum of its squared gradients."""

    names_of_moments = ("v",)

    def _apply(self, w: Array, g: Array, learning_rate: float) -> None:
        v, buffer = self.moments["v"], self._buffer
        np.multiply(g, g, out=buffer)
        np.add(v, buffer, out=v)  #                   v ← v + g²
        _scaled_step(w, g, v, buffer, learning_rate, ADAGRAD_EPSILON)


class RMSprop(Optimizer):
    """Adagrad with a mean that forgets, ρ = 0.99, in place of the sum."""

    names_of_moments = ("v",)

    def _apply(self, w: Array, g: Array, learning_rate: float) -> None:
        v, buffer = self.moments["v"], self._buffer
        np.multiply(g, g, out=buffer)
        _blend(v, buffer, RMSPROP_DECAY)  #               v ← ρ v + (1 - ρ) g²
        _scaled_step(w, g, v, buffer, learning_rate, EPSILON)


class Adam(Optimizer):
    """Adam with β₁ = 0.9, β₂ = 0.999, ε = 1e-8."""

    names_of_moments = ("m", "v")

    def _apply(self, w: Array, g: Array, learning_rate: float) -> None:
        m, v, buffer = self.moments["m"], self.moments["v"], self._buffer
        np.multiply(g, g, out=buffer)
        _blend(v, buffer, BETA_2)  #                  v ← β₂ v + (1 - β₂) g²
        _blend(m, g, BETA_1)  #                     m ← β₁ m + (1 - β₁) g
        np.sqrt(v, out=buffer)
        np.divide(buffer, math.sqrt(1 - BETA_2**self.updates), out=buffer)
        np.add(buffer, EPSILON, out=buffer)  #          √v̂ + ε
        np.divide(m, buffer, out=buffer)
        np.multiply(buffer, learning_rate / (1 - BETA_1**self.updates), out=buffer)
        np.subtract(w, buffer, out=w)  #              w ← w - α m̂ / (√v̂ + ε)


class AdamW(Adam):
    """Adam with the decay applied to the weights themselves."""

    def _decay(self, w: Array, g: Array, learning_rate: float) -> None:
        """w ← (1 - α λ) w"""
        if self.weight_decay:
            np.multiply(w, 1 - learning_rate * self.weight_decay, out=w)


def _blend(mean: Array, new: Array, keep: float) -> None:
    """mean ← keep · mean + (1 - keep) · new; `new` is scaled in place."""
    np.multiply(mean, keep, out=mean)
    np.multiply(new, 1 - keep, out=new)
    np.add(mean, new, out=mean)


def _scaled_step(w: Array, g: Array, v: Array, buffer: Array, learning_rate: float, ε: float) -> None:
    """w ← w - α g / (√v + ε)"""
    np.sqrt(v, out=buffer)
    np.add(buffer, ε, out=buffer)
    np.divide(g, buffer, out=buffer)
    np.multiply(buffer, learning_rate, out=buffer)
    np.subtract(w, buffer, out=w)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}
