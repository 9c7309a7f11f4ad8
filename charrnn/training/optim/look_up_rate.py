"""A learning rate of its own for the look-up, W_xh of the lowest layer.

    w ← w + factor · Δw      Δw: what the optimizer makes of the learning rate

A window shows each row of the look-up only where its character stands, and every other weight at each step: the rows
have more to catch up.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from charrnn.network.arrays import Array
from charrnn.network.network import Network


@dataclass(frozen=True)
class LookUpRate:
    """The factor, and the place of the look-up in the flat vector; without a place it costs nothing.

    >>> w = np.zeros(3)
    >>> with LookUpRate(2.0, slice(0, 2)).apply(w):
    ...     w -= 0.5
    >>> w.tolist()
    [-1.0, -1.0, -0.5]
    """

    factor: float = 1.0
    place: slice | None = None

    @classmethod
    def from_network(cls, network: Network, factor: float) -> "LookUpRate":
        """That of a network; a factor of 1 changes nothing."""
        return cls(factor, None if factor == 1 else network.parameters.place("W_xh"))

    @contextmanager
    def apply(self, w: Array) -> Iterator[None]:
        """In the `with` block, an optimizer updates the weights w, (P,); afterwards the look-up has moved `factor` times
        as far.
        """
        if self.place is None:
            yield
            return
        before = w[self.place].copy()
        yield
        with np.errstate(over="ignore", invalid="ignore"):  # the trainer reports what is not finite
            w[self.place] = before + self.factor * (w[self.place] - before)
