"""The random case that a system is evaluated on: how large it is, and what goes into it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.derivations.complex_step import Array


@dataclass(frozen=True)
class Case:
    """Sizes, all different unless asked otherwise, so that a transposed matrix does not fit by chance.

    T steps; M inputs; D units; C outputs; B sequences. One-hot inputs are characters, others are real vectors.
    """

    T: int = 4
    M: int = 3
    D: int = 5
    C: int = 6
    B: int = 2
    one_hot: bool = False
    averaged: bool | None = None  # the loss; None: as the document has it
    given: bool = True  # the initial state; else it is zero
    φ_h: str = "tanh"
    φ_o: str = "softmax"
    ell: str = "cross-entropy"

    def averages(self, document: bool) -> bool:
        """Whether the loss is averaged; `document` says what the document does."""
        return document if self.averaged is None else self.averaged

    def weights(self, random: np.random.Generator, *shape: int) -> Array:
        """Weights that neither saturate the units nor leave them linear, whatever their number."""
        return random.normal(0, 1.3 / np.sqrt(self.D), shape)

    def inputs(self, random: np.random.Generator, *shape: int) -> Array:
        """Vectors of M numbers along a new last axis, shorter where there are more inputs than units: so they do not saturate them."""
        if self.one_hot:
            return np.eye(self.M)[random.integers(0, self.M, shape)]
        return random.normal(size=(*shape, self.M)) * min(1.0, np.sqrt(self.D / self.M))

    def labels(self, random: np.random.Generator, *shape: int) -> Array:
        """One-hot vectors of C numbers along a new last axis."""
        return np.eye(self.C)[random.integers(0, self.C, shape)]

    def initial(self, random: np.random.Generator, *shape: int) -> Array:
        """A state to begin with: any numbers, or zeros."""
        return random.normal(size=shape) * self.given


def from_one(values: Array) -> list[Any]:
    """Counted from 1, as the documents count: x[1] is the first, and there is no x[0].

    >>> from_one(np.array(["a", "b"]))[1]
    np.str_('a')
    """
    return [None, *values]  # nothing reads the first
