"""Gradient clipping: by global norm (Pascanu, Mikolov and Bengio 2013), element by element, both or neither.

    by norm    g ← g · min(1, m / ‖g‖)      ‖g‖ over all parameters together; keeps the direction
    by value   g ← clamp(g, -v, v)          each element alone; changes the direction

With both, the norm comes first: the values then bound what is left.
"""

from dataclasses import dataclass

import numpy as np

from charrnn.network.arrays import Array


@dataclass(frozen=True)
class Clipping:
    """The bounds; None is off.

    >>> gradient = np.array([3.0, 4.0])
    >>> Clipping(max_grad_norm=1.0)(gradient)
    (5.0, True)
    >>> gradient.round(6).tolist()
    [0.6, 0.8]
    """

    max_grad_norm: float | None = None
    max_grad_value: float | None = None

    def __call__(self, gradient: Array) -> tuple[float, bool]:
        """Clip a flat gradient, (P,), in place. Returns its norm before, and whether anything was clipped."""
        norm = global_norm(gradient)
        clipped = False
        if self.max_grad_norm is not None:
            clipped = clip_norm(gradient, self.max_grad_norm, norm)
        if self.max_grad_value is not None:
            clipped = clip_value(gradient, self.max_grad_value) or clipped
        return norm, clipped


def global_norm(gradient: Array) -> float:
    """The Euclidean norm of a flat gradient; in float64 where the squares overflow its own precision."""
    with np.errstate(over="ignore"):
        square = np.dot(gradient, gradient)
    return float(np.sqrt(square)) if np.isfinite(square) else float(np.linalg.norm(gradient.astype(np.float64)))


def clip_norm(gradient: Array, bound: float, norm: float) -> bool:
    """Scale the gradient, whose norm is `norm`, down to `bound` where it is longer; True if it was."""
    if not norm > bound:
        return False
    np.multiply(gradient, bound / norm, out=gradient)
    return True


def clip_value(gradient: Array, bound: float) -> bool:
    """Bring every element into [-bound, bound]; True if any was outside."""
    if not max(gradient.max(), -gradient.min()) > bound:
        return False
    np.clip(gradient, -bound, bound, out=gradient)
    return True
