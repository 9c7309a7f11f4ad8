"""Frozen parameters: parts of the flat vector that an update leaves as they are, to the bit.

before clipping   g ← 0 there     the norm is that of the trained parameters
after the update  w ← w before    no decay and no moment changes them, whatever the optimizer
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from charrnn.network.arrays import Array
from charrnn.network.network import Network


@dataclass(frozen=True)
class FrozenParameters:
    """The frozen places of the flat vector; without places it costs nothing.

    >>> import numpy as np
    >>> gradient = np.ones(4)
    >>> FrozenParameters((slice(0, 2),)).mask(gradient)
    >>> gradient.tolist()
    [0.0, 0.0, 1.0, 1.0]
    """

    places: tuple[slice, ...] = ()

    @classmethod
    def from_network(cls, network: Network, parts: Iterable[str] = ()) -> "FrozenParameters":
        """Freeze some parts of a network, named as in `Architecture.parts`, and its biases where they stay 0."""
        return cls(tuple(network.parameters.place(name) for name in network.architecture.frozen_names(parts)))

    def mask(self, gradient: Array) -> None:
        """Set the frozen part of a flat gradient, (P,), to 0."""
        for place in self.places:
            gradient[place] = 0

    @contextmanager
    def preserve(self, w: Array) -> Iterator[None]:
        """In the `with` block, an update may change the parameters w, (P,); afterwards the frozen ones are as before,
        to the bit.
        """
        before = [w[place].copy() for place in self.places]
        yield
        for place, kept in zip(self.places, before, strict=True):
            w[place] = kept
