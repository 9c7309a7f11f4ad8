"""Frozen parameters: parts of the flat vector that learning leaves as they are, bit by bit.

before clipping   g ← 0 there     the norm is that of what is trained
after the update  w ← w before    no decay and no moment changes them, whatever the optimizer
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from charrnn.network.arrays import Array
from charrnn.network.network import Network


@dataclass(frozen=True)
class FrozenParameters:
    """The places in the flat vector that are frozen; none costs nothing."""

    places: tuple[slice, ...] = ()

    @classmethod
    def from_network(cls, network: Network, parts: Iterable[str] = ()) -> "FrozenParameters":
        """Of some of the parts of a network, named as in `Architecture.parts`, and of the biases where they are held at 0."""
        return cls(tuple(network.parameters.place(name) for name in network.architecture.frozen_names(parts)))

    def mask(self, gradient: Array) -> None:
        """Take what is frozen out of a flat gradient, (P,)."""
        for place in self.places:
            gradient[place] = 0

    @contextmanager
    def preserved(self, w: Array) -> Iterator[None]:
        """Within, an update may change the parameters w, (P,); afterwards what is frozen is as before, to the bit."""
        before = [w[place].copy() for place in self.places]
        yield
        for place, kept in zip(self.places, before, strict=True):
            w[place] = kept
