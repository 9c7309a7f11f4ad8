"""Streams whose state is reset within a window: before step t, the state of stream b is 0 where reset_mask[t, b].

    h, c  ->  h ∘ (1 - reset_mask[t]), c ∘ (1 - reset_mask[t])        reset_mask  (T, B) booleans

Step t reads that. Everything that reads index t as the state after step t - 1 (the readout, the layer above, the rnn's
φ') reads it as it was; and no gradient flows from step t back to it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from charrnn.network.arrays import Array

ResetMask = NDArray[np.bool_]
"""(T, B): the streams whose state is 0 before each step."""


class Resets:
    """The resets of one window; without a mask, none."""

    def __init__(self, reset_mask: ResetMask | None = None) -> None:
        mask = np.zeros((0, 0), np.bool_) if reset_mask is None else reset_mask
        self._places = np.nonzero(mask)
        self._streams = {int(t): np.flatnonzero(mask[t]) for t in np.flatnonzero(mask.any(axis=1))}

    def run(self, step: Callable[[int], None], states: Sequence[Array]) -> None:
        """Run the steps of a layer in order; afterwards `states`, (T+1, B, H) each, hold what each step left."""
        kept = {}
        for t in range(len(states[0]) - 1):
            if t in self._streams:
                kept[t] = [state[t, self._streams[t]] for state in states]
                for state in states:
                    state[t, self._streams[t]] = 0
            step(t)
        for t, values in kept.items():
            for state, value in zip(states, values, strict=True):
                state[t, self._streams[t]] = value

    def cut(self, t: int, *gradients: Array) -> None:
        """Zero the gradients by the states before step t, (B, H) each, of the streams that are reset there."""
        if t in self._streams:
            for gradient in gradients:
                gradient[self._streams[t]] = 0

    @contextmanager
    def apply(self, states: Sequence[Array]) -> Iterator[None]:
        """In the `with` block, the states, (T+1, B, H) each, are those that the steps read."""
        kept = [state[self._places] for state in states]
        for state in states:
            state[self._places] = 0
        yield
        for state, values in zip(states, kept, strict=True):
            state[self._places] = values


NO_RESETS = Resets()
