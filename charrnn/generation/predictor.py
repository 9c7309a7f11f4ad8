"""What can write: anything that says, after a text, how likely each next character is."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from charrnn.network.arrays import Array, Ids
from charrnn.network.network import Network
from charrnn.network.stepper import Stepper

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
    """A network, from its zero state on. It is not changed."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def begin(self, inputs: Ids) -> tuple[Array, Step]:
        """As Predictor has it: the beginnings are read in windows, each in one forward pass."""
        network, B = self.network, inputs.shape[1]
        state = network.zero_state(B)
        for start in range(0, len(inputs), WINDOW):
            window = inputs[start : start + WINDOW].astype(np.intp)
            ws = network.workspace(*window.shape)
            network.logits(window, state, ws)
            state = ws.state
        return ws.logits[-1].copy(), Stepper(network, state)
