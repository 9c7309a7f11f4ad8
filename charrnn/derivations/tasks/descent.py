"""Gradient descent by D3's rules, w ← w - α ∂L/∂w for every weight, with the gradients as a system derives them.

With a bound m the gradients are clipped first, D1's remedy: g ← g · min(1, m / ‖g‖), ‖g‖ over all of them together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from charrnn.derivations.complex_step import Array
from charrnn.derivations.equation import flat
from charrnn.derivations.systems.update_rules import step
from charrnn.derivations.systems.vanishing import clip

Rule = Callable[[Any, Mapping[str, Array], float], Any]  # (system, gradients, α) -> the system after one update


@dataclass(frozen=True)
class Descent:
    """The result: the loss and the gradient norm, not yet clipped, before each update, on the data of that update."""

    system: Any  # after the last update
    losses: tuple[float, ...]
    norms: tuple[float, ...]
    clipped: int  # updates whose gradient was clipped
    diverged: bool  # the last loss or norm is not finite; it made no update

    @property
    def updates(self) -> int:
        """The number of updates made."""
        return len(self.losses) - self.diverged


def gradients(system: Any) -> dict[str, Array]:
    """The gradient of the loss by every parameter, as derived."""
    return {name: system.gradient(name) for name in system.PARAMETERS}


def norm(gradients: Mapping[str, Array]) -> float:
    """‖g‖ of all gradients together."""
    return float(np.linalg.norm(flat(gradients.values())))


def update(system: Any, gradients: Mapping[str, Array], α: float) -> Any:
    """The system after one update by the rules."""
    return replace(system, **{name: step(getattr(system, name), g, α) for name, g in gradients.items()})


@np.errstate(all="ignore")  # diverging is a result
def descend(
    start: Any, batch: Callable[[int, Any], Any], updates: int, α: float, m: float | None = None, rule: Rule = update
) -> Descent:
    """Make `updates` updates, fewer if it diverges. `batch(n, system)` puts the data of update n, from 0, into the
    system.
    """
    system, losses, norms, count = start, [], [], 0
    for n in range(updates):
        system = batch(n, system)
        g = gradients(system)
        loss, size = float(system.loss()), norm(g)
        losses.append(loss)
        norms.append(size)
        if not np.isfinite(loss) or not np.isfinite(size):
            return Descent(system, tuple(losses), tuple(norms), count, diverged=True)
        if m is not None and size > m:
            g, count = clip(g, m), count + 1
        system = rule(system, g, α)
    return Descent(system, tuple(losses), tuple(norms), count, diverged=False)
