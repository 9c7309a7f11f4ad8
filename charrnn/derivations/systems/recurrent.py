"""What the systems have in common: their steps, the names of their variables, and products of Jacobians."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from charrnn.derivations.complex_step import Array


@dataclass(frozen=True)
class Letters:
    """What a document calls its variables; a system without a loss has only the first three."""

    input: str
    state: str
    initial: str  # the given state
    output: str = ""
    target: str = ""
    loss: str = ""  # at one time
    total: str = ""  # over all times


class Recurrent:
    """A system of T steps, whose times count from 1. A subclass is a frozen dataclass of its numbers."""

    LETTERS: ClassVar[Letters]
    averaged: bool  # the loss, over steps and sequences

    @property
    def T(self) -> int:
        """Steps."""
        return len(getattr(self, self.LETTERS.input))

    @property
    def times(self) -> range:
        """1 ... T"""
        return range(1, self.T + 1)

    @property
    def N(self) -> int:
        """What the summed loss is divided by."""
        return len(self.times) if self.averaged else 1


def latest_first(jacobians: Iterable[Array], size: int) -> Array:
    """J_t ... J_{k+1}, as a chain of derivatives is written, of J_{k+1}, ..., J_t, each (size, size)."""
    product = np.eye(size)
    for jacobian in jacobians:
        product = jacobian @ product
    return product


def earliest_first(jacobians: Iterable[Array], size: int) -> Array:
    """J_{k+1} ... J_t, as a Π is read from left to right, of the same."""
    product = np.eye(size)
    for jacobian in jacobians:
        product = product @ jacobian
    return product
