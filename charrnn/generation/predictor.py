"""What can write: anything that says, after a text, how likely each next character is."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.stepper import Stepper

REST = 0.01  # of a probability, at least: what smoothing gave a character cannot be told from what was learned to the last digit
WINDOW = 1024  # characters of a prompt read at once: a long one must not need more memory than a short one

Step = Callable[[Ids], Array]
"""Reads one more character of each of B texts, (B,): the logits of the next, (B, V), in a buffer that the next call fills anew."""


class Predictor(Protocol):
    """Reads B texts side by side."""

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """Read the beginnings of B texts, (T, B): the logits of the next characters, (B, V), and the step that goes on.

        Logits are log probabilities up to a constant of each row; -inf is never.
        """


class NetworkPredictor:
    """A network, from its zero state on. It is not changed.

    One that was taught by smoothed labels gives every character a little, so that it loses less where it is wrong. Whoever
    writes would draw that: 0.02 of it is a wrong character in fifty. So what it writes is without it.
    """

    def __init__(self, network: Network, label_smoothing: float = 0.0) -> None:
        self.network, self._label_smoothing = network, label_smoothing

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """As Predictor has it: the beginnings are read in windows, each in one forward pass."""
        logits, step = self._begin(inputs)
        ε = self._label_smoothing
        return (unsmoothed(logits, ε), lambda ids: unsmoothed(step(ids), ε)) if ε else (logits, step)

    def _begin(self, inputs: Ids) -> tuple[Array, Step]:
        network, B = self.network, inputs.shape[1]
        state = network.zero_state(B)
        for start in range(0, len(inputs), WINDOW):
            window = inputs[start : start + WINDOW].astype(np.intp)
            ws = network.workspace(*window.shape)
            network.logits(window, state, ws)
            state = ws.state
        return ws.logits[-1].copy(), Stepper(network, state)


def unsmoothed(o: Array, ε: float) -> Array:
    """From the logits of q, (B, V), those of p, where q = (1 - ε) p + ε/V was learned; of no character less than REST q."""
    q = np.exp(o - o.max(axis=-1, keepdims=True))
    spread = q.sum(axis=-1, keepdims=True) * (ε / o.shape[-1])
    share = 1 - spread / np.maximum(q, np.finfo(q.dtype).tiny)
    return np.asarray(o + np.log(np.maximum(share, REST)))
