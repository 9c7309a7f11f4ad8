"""L2-SP: a pull of the weights of a fine-tune towards those of its base.

    w ← w - α λ (w - w₀)        after each update with the learning rate α; at most back to w₀

A base knows more than a short text can teach. The pull keeps what the text says nothing about, so that less is learned
by heart. It is the gradient of λ/2 ‖w - w₀‖², taken off the weights themselves, as adamw's decay is, which pulls
towards 0.

Source: Li, Grandvalet and Davoine 2018.
"""

from dataclasses import dataclass

import numpy as np

from charrnn.network.arrays import Array


@dataclass(frozen=True)
class L2SP:
    """The weights of the base, w₀, (P,), with new characters as they began, and the strength λ.

    >>> w = np.array([3.0, 0.0])
    >>> L2SP(np.array([1.0, 0.0]), strength=5.0).pull(w, learning_rate=0.1)
    >>> w.tolist()
    [2.0, 0.0]
    """

    base: Array
    strength: float

    def pull(self, w: Array, learning_rate: float) -> None:
        """Move the weights w, (P,), in place."""
        share = min(1.0, learning_rate * self.strength)
        np.subtract(w, share * (w - self.base), out=w)
