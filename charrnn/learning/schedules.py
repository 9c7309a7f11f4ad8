"""The learning rate as a function of the step: a pure function, so that a resumed run needs nothing remembered.

warm-up    α (s + 1) / warmup_steps               for the first warmup_steps steps s = 0, 1, ...
constant   α
cosine     α (1 + cos π q) / 2                    q from 0 after the warm-up to 1 at the last step
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

SHAPES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "cosine": lambda q: (1 + math.cos(math.pi * q)) / 2,
}


@dataclass(frozen=True)
class Schedule:
    """A shape, the rate at its top, and the steps over which it runs."""

    shape: str
    learning_rate: float
    steps: int
    warmup_steps: int = 0

    def __call__(self, step: int) -> float:
        """The learning rate of the update that follows `step` updates."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        after = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        return self.learning_rate * SHAPES[self.shape](min(1.0, after))
