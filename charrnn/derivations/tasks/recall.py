"""D1: a mini-batch learns to remember the first character of each sequence."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from charrnn.derivations.complex_step import Array
from charrnn.derivations.in_words import percent
from charrnn.derivations.systems.mini_batch import MiniBatch
from charrnn.derivations.tasks.descent import Descent
from charrnn.derivations.tasks.task import Settings, Task, normal

T = 5
CLASSES = 3  # of first characters; 3 other characters follow
INSTANCES = 5  # in a mini-batch
FRESH = 200  # sequences of the test


@dataclass(frozen=True)
class Recall(Task):
    """Which character was the first? Those after it say nothing of it."""

    GOAL: ClassVar = f"say at every step which of {CLASSES} characters was the first of {T}"
    MEASURE: ClassVar = "right at the last step"
    DEFAULTS: ClassVar = Settings(alpha=0.5, updates=150, clip=1.0, D=6)

    X: Array  # (updates, T, INSTANCES, 2 CLASSES), one-hot
    fresh: Array  # (T, FRESH, 2 CLASSES), one-hot

    @classmethod
    def make(cls, settings: Settings, random: np.random.Generator) -> "Recall":
        """Random characters and weights."""
        D, X = settings.D, np.array([_sequences(random, INSTANCES) for _ in range(settings.updates)])
        start = MiniBatch(
            X=X[0],
            y=_first(X[0]),
            W_xh=normal(random, 2 * CLASSES, D, D),
            W_hh=normal(random, D, D, D),
            b_h=np.zeros(D),
            W_yh=normal(random, D, CLASSES, D),
            b_y=np.zeros(CLASSES),
            h_0=np.zeros((INSTANCES, D)),
            averaged=True,
        )
        return cls(start, X, _sequences(random, FRESH))

    def batch(self, n: int, system: Any) -> Any:
        """New sequences each update."""
        return replace(system, X=self.X[n], y=_first(self.X[n]))

    def test(self, system: Any) -> MiniBatch:
        """The fresh sequences."""
        nothing = np.zeros((FRESH, len(system.W_hh)))
        return self.with_weights_of(system, X=self.fresh, y=_first(self.fresh), h_0=nothing)

    def score(self, system: Any) -> float:
        """How often the most probable class is the right one, at the last step."""
        judged = self.test(system)
        return float(np.mean(judged.ŷ(T).argmax(axis=1) == self.fresh[0].argmax(axis=1)))

    def describe(self, runs: Mapping[str, Descent]) -> list[str]:
        """The share of right answers, and that of a guess."""
        system = runs["clipped"].system
        return [
            f"{T - 1} characters after the first it is remembered in {percent(self.score(system))} of fresh sequences; "
            f"the last characters say nothing of it, and a guess is right in {percent(1 / CLASSES)}."
        ]


def _sequences(random: np.random.Generator, number: int) -> Array:
    """(T, number, 2 CLASSES), one-hot: one of the first CLASSES characters, then of the others."""
    first = random.integers(0, CLASSES, (1, number))
    others = random.integers(CLASSES, 2 * CLASSES, (T - 1, number))
    return np.eye(2 * CLASSES)[np.vstack([first, others])]


def _first(X: Array) -> Array:
    """The first character, at every step: (T, number, CLASSES), one-hot."""
    return np.broadcast_to(X[0, :, :CLASSES], (T, X.shape[1], CLASSES))
