"""Dropout of recurrent weights: each update sets a new random choice of them to 0, the same for all streams and steps
of its window.

    W = U ∘ mask        mask: 0 with probability `rate`, else 1 / (1 - rate)        dU = dW ∘ mask

U learns and is saved; W reads. Nothing of the state is dropped, but the network cannot rely on single
connections, with which a wide network learns a short text by heart. The mask is a pure function of seed and step.

Source: DropConnect, Wan et al. 2013, on recurrent weights as in AWD-LSTM, Merity, Keskar and Socher 2018.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from charrnn.network.arrays import Array
from charrnn.network.dropout import keep_mask, scale
from charrnn.network.network import Network

WEIGHT_STREAM = 1 << 32  # no stream has this number, so that these masks differ from those of the units


@dataclass(frozen=True)
class WeightDropout:
    """A rate, and the places in the flat vector where it drops; without places it costs nothing."""

    rate: float = 0.0
    seed: int = 0
    places: tuple[slice, ...] = ()

    @classmethod
    def from_network(cls, network: Network, rate: float, seed: int) -> "WeightDropout":
        """The dropout of all matrices W_hh of a network."""
        names = [names["W_hh"] for names in network.architecture.layer_names()]
        return cls(rate, seed, tuple(network.parameters.place(name) for name in names) if rate else ())

    @contextmanager
    def apply(self, w: Array, g: Array, step: int) -> Iterator[None]:
        """In the `with` block, the weights w, (P,), are masked. Afterwards they are as before, to the bit, and the
        gradient g, (P,), which was computed in the block, is masked.
        """
        masks = [self._mask(place, layer, step, w.dtype) for layer, place in enumerate(self.places)]
        before = [w[place].copy() for place in self.places]
        for place, mask in zip(self.places, masks, strict=True):
            with np.errstate(over="ignore"):  # the trainer reports what is not finite
                np.multiply(w[place], mask, out=w[place])  # W = U ∘ mask
        try:
            yield
        finally:
            for place, weights in zip(self.places, before, strict=True):
                w[place] = weights
        for place, mask in zip(self.places, masks, strict=True):
            with np.errstate(over="ignore", invalid="ignore"):
                np.multiply(g[place], mask, out=g[place])  # dU = dW ∘ mask

    def _mask(self, place: slice, layer: int, step: int, dtype: DTypeLike) -> Array:
        mask = keep_mask(self.rate, self.seed, (layer, WEIGHT_STREAM, step), place.stop - place.start).astype(dtype)
        np.multiply(mask, scale(self.rate), out=mask)
        return mask
