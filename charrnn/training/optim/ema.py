"""A moving average of the weights, (P,): the network that is validated, saved and used, while the weights
themselves keep learning.

    w̄ ← d w̄ + (1 - d) w        d = min(decay, n / (n + 9))        after update n = 1, 2, ...

Each update follows one window, and shakes the weights about the point to which they converge; their average is nearer
to it. At first d is small, so that the random first weights are soon forgotten: after n updates about the last tenth
counts.

Source: Polyak and Juditsky 1992, with a mean that forgets, as in Tarvainen and Valpola 2017.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from charrnn.network.arrays import Array
from charrnn.network.network import Network

WARM_UP_UPDATES = 9


class WeightEMA:
    """The average of the weights of a network that learns; at first it equals them."""

    def __init__(self, network: Network, decay: float) -> None:
        """`decay`: the share of the average that an update keeps."""
        self.network, self.decay = network.astype(network.parameters.flat.dtype), decay
        self._buffer = np.empty_like(self.flat)

    @property
    def flat(self) -> Array:
        """The average, (P,)."""
        return self.network.parameters.flat

    def update(self, w: Array, updates: int) -> None:
        """Take in the weights w, (P,), after that many updates."""
        kept = min(self.decay, updates / (updates + WARM_UP_UPDATES))
        np.multiply(self.flat, kept, out=self.flat)
        np.multiply(w, 1 - kept, out=self._buffer)
        np.add(self.flat, self._buffer, out=self.flat)  # w̄ ← d w̄ + (1 - d) w

    @contextmanager
    def swapped_in(self, w: Array) -> Iterator[None]:
        """In the `with` block, the weights w, (P,), are the average; afterwards they are as before, to the bit."""
        kept = w.copy()
        w[:] = self.flat
        try:
            yield
        finally:
            w[:] = kept
