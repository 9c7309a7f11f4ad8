"""What turns a gradient into a change of the parameters, both as flat vectors, (P,).

    sgd    w ← w - α g
    adam   m ← β₁ m + (1 - β₁) g     v ← β₂ v + (1 - β₂) g²          (Kingma and Ba 2015)
           w ← w - α m̂ / (√v̂ + ε)    m̂ = m / (1 - β₁ⁿ), v̂ = v / (1 - β₂ⁿ) at update n = 1, 2, ...

weight_decay λ adds λ w to the gradient, as PyTorch's optimizers of the same names do.
The learning rate α is handed in at each update, so that a schedule never touches the moments.
"""

from typing import Protocol

import numpy as np

from charrnn.network.arrays import Array


class Optimizer(Protocol):
    """An update rule and what it remembers: `moments`, named vectors of (P,), and how many `updates` it made."""

    moments: dict[str, Array]
    updates: int

    def update(self, w: Array, g: Array, learning_rate: float) -> None:
        """Change the parameters w in place; g may be used as room to work in."""


class SGD:
    """Plain stochastic gradient descent, the update of the derivations."""

    def __init__(self, like: Array, weight_decay: float = 0.0) -> None:
        self.moments: dict[str, Array] = {}
        self.updates = 0
        self._weight_decay = weight_decay
        self._room = np.zeros_like(like)

    def update(self, w: Array, g: Array, learning_rate: float) -> None:
        """w ← w - α g"""
        self.updates += 1
        _decay(w, g, self._weight_decay, self._room)
        np.multiply(g, learning_rate, out=g)
        np.subtract(w, g, out=w)


class Adam:
    """Adam with β₁ = 0.9, β₂ = 0.999, ε = 1e-8, the values of its paper and of PyTorch."""

    β1, β2, ε = 0.9, 0.999, 1e-8

    def __init__(self, like: Array, weight_decay: float = 0.0) -> None:
        self.moments = {"m": np.zeros_like(like), "v": np.zeros_like(like)}
        self.updates = 0
        self._weight_decay = weight_decay
        self._room = np.zeros_like(like)

    def update(self, w: Array, g: Array, learning_rate: float) -> None:
        """w ← w - α m̂ / (√v̂ + ε)"""
        m, v, room = self.moments["m"], self.moments["v"], self._room
        self.updates += 1
        _decay(w, g, self._weight_decay, room)
        np.multiply(m, self.β1, out=m)
        np.multiply(g, 1 - self.β1, out=room)
        np.add(m, room, out=m)  #               m ← β₁ m + (1 - β₁) g
        np.multiply(g, g, out=g)
        np.multiply(g, 1 - self.β2, out=g)
        np.multiply(v, self.β2, out=v)
        np.add(v, g, out=v)  #                  v ← β₂ v + (1 - β₂) g²
        np.sqrt(v, out=room)
        np.divide(room, np.sqrt(1 - self.β2**self.updates), out=room)
        np.add(room, self.ε, out=room)  #       √v̂ + ε
        np.divide(m, room, out=room)
        np.multiply(room, learning_rate / (1 - self.β1**self.updates), out=room)
        np.subtract(w, room, out=w)  #          w ← w - α m̂ / (√v̂ + ε)


def _decay(w: Array, g: Array, weight_decay: float, room: Array) -> None:
    if weight_decay:
        np.multiply(w, weight_decay, out=room)
        np.add(g, room, out=g)


OPTIMIZERS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}
