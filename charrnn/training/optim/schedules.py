"""The learning rate as a function of the step and of the number of stalls: nothing else is remembered.

warm-up       α (s + 1) / warmup_steps     for the first warmup_steps steps s = 0, 1, ...; after it, with q rising
                                           from 0 to 1 at the last step:
constant      α
linear        α (1 - q)
cosine        α (1 + cos π q) / 2
exponential   α 0.01^q                     falls by the same factor at every step, to 1 % at the end
plateau       α / 2^n                      n: the number of stalls, STALLED_VALIDATIONS in a row without improvement
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

SHAPES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "linear": lambda q: 1 - q,
    "cosine": lambda q: (1 + math.cos(math.pi * q)) / 2,
    "exponential": lambda q: 0.01**q,
    "plateau": lambda _: 1.0,
}
STALLED_VALIDATIONS = 2


@dataclass(frozen=True)
class Schedule:
    """A shape, the rate at its top, and the steps over which it runs.

    >>> schedule = Schedule("cosine", learning_rate=1e-3, steps=110, warmup_steps=10)
    >>> schedule(0), schedule(10), schedule(60), schedule(110)
    (0.0001, 0.001, 0.0005, 0.0)
    """

    shape: str
    learning_rate: float
    steps: int
    warmup_steps: int = 0

    def __call__(self, step: int, stalls: int = 0) -> float:
        """The learning rate of the update that follows `step` updates; `stalls` counts only for plateau."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        after = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        halved = 0.5**stalls if self.shape == "plateau" else 1.0
        return self.learning_rate * SHAPES[self.shape](min(1.0, after)) * halved
