"""The random case on which a system is evaluated: its sizes, and its numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.derivations.complex_step import Array


@dataclass(frozen=True)
class Case:
    """Sizes, all different by default, so that a transposed matrix does not fit by chance.

    T steps; M inputs; D units; C outputs; B sequences. One-hot inputs are characters, others are real vectors.
    """

    T: int = 4
    M: int = 3
    D: int = 5
    C: int = 6
    B: int = 2
    one_hot: bool = False
    averaged: bool | None = None  # the loss; None: as in the document
    given: bool = True  # the initial state; False: it is zero
    φ_h: str = "tanh"
    φ_o: str = "softmax"
    ell: str = "cross-entropy"

    def averages(self, document: bool) -> bool:
        """Whether the loss is averaged; `document` is what the document does."""
        return document if self.averaged is None else self.averaged

    def weights(self, random: np.random.Generator, *shape: int) -> Array:
        """Weights that neither saturate the units nor leave them linear, for any number of units."""
        return random.normal(0, 1.3 / np.sqrt(self.D), shape)

    def inputs(self, random: np.random.Generator, *shape: int) -> Array:
        """Vectors of M numbers along a new last axis; shorter if M > D, so that they do not saturate the units."""
        if self.one_hot:
            return np.eye(self.M)[random.integers(0, self.M, shape)]
        return random.normal(size=(*shape, self.M)) * min(1.0, np.sqrt(self.D / self.M))

    def labels(self, random: np.random.Generator, *shape: int) -> Array:
        """One-hot vectors of C numbers along a new last axis."""
        return np.eye(self.C)[random.integers(0, self.C, shape)]

    def initial(self, random: np.random.Generator, *shape: int) -> Array:
        """An initial state: random numbers, or zeros."""
        return random.normal(size=shape) * self.given


def from_one(values: Array) -> list[Any]:
    """A list that counts from 1, as the documents do: x[1] is the first, x[0] is not used.

    >>> from_one(np.array(["a", "b"]))[1]
    np.str_('a')
    """
    return [None, *values]
