"""D2, section 1: one unit learns a rule of signs that needs the past."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from charrnn.derivations.case import from_one
from charrnn.derivations.complex_step import Array
from charrnn.derivations.in_words import percent
from charrnn.derivations.systems.scalar import Scalar
from charrnn.derivations.tasks.descent import Descent
from charrnn.derivations.tasks.leaky import RETENTION, leaky_sums
from charrnn.derivations.tasks.task import Settings, Task, Variant

T = 12
FRESH = 400  # numbers of the test
PRINTED = "(3) as printed"


class PrintedScalar(Scalar):
    """With the loss as printed, (3), which has no part for a label 0."""

    def E(self, t: int) -> Array:
        """-y_t log ŷ_t"""
        return self.printed_E(t)

    def dE_by_dŷ(self, t: int) -> Array:
        """-y_t / ŷ_t"""
        return -from_one(self.y)[t] / self.ŷ(t)


@dataclass(frozen=True)
class Signs(Task):
    """Is the leaky sum of all numbers so far above zero?"""

    GOAL: ClassVar = f"say 1 where r_t = x_t + {RETENTION} r_{{t-1}}, a sum that forgets, is above zero"
    MEASURE: ClassVar = "right, fresh numbers"
    DEFAULTS: ClassVar = Settings(alpha=0.03, updates=300, clip=1.0)

    x: Array  # (updates, T)
    fresh: Array  # (FRESH,)

    @classmethod
    def make(cls, settings: Settings, random: np.random.Generator) -> "Signs":
        """U and V differ in sign, and W is small: at first a positive number speaks for a 0, and is soon forgotten."""
        x = random.normal(size=(settings.updates, T))
        start = Scalar(
            x=x[0],
            y=_labels(x[0]),
            U=random.uniform(-0.5, -0.2, ()),
            W=random.uniform(0.0, 0.5, ()),
            V=random.uniform(0.5, 1.0, ()),
            s_0=np.ones(()),
        )
        return cls(start, x, random.normal(size=FRESH))

    def batch(self, n: int, system: Any) -> Any:
        """T new numbers an update."""
        return _with(system, self.x[n])

    def test(self, system: Any) -> Scalar:
        """The fresh numbers, in one sequence."""
        return self.with_weights_of(system, x=self.fresh, y=_labels(self.fresh), averaged=True)

    def score(self, system: Any) -> float:
        """How often the system is right."""
        return float(np.mean(self.answers(system) == _labels(self.fresh)))

    def answers(self, system: Any) -> Array:
        """Whether the system says 1, (FRESH,)."""
        judged = self.test(system)
        return np.array([judged.ŷ(t) > 0.5 for t in judged.times])

    def variants(self) -> tuple[Variant, ...]:
        """The loss as printed."""
        start = self.start
        return (Variant(PRINTED, PrintedScalar(start.x, start.y, start.U, start.W, start.V, start.s_0)),)

    def describe(self, runs: Mapping[str, Descent]) -> list[str]:
        """U, W and V in words, and what the print learns."""
        system, printed = runs["clipped"].system, runs[PRINTED].system
        labels = _labels(self.fresh)
        alone = np.mean((self.fresh > 0) == labels)
        U, W, V = float(system.U), float(system.W), float(system.V)
        before = ", ".join(f"{name} = {float(getattr(self.start, name)):.2f}" for name in self.start.PARAMETERS)
        sign = "positive" if U * V > 0 else "negative"
        memory = "keeps its sign until numbers outweigh it" if W > 1 else "fades without new numbers"
        return [
            f"The sign of x_t alone is right on {percent(alone)} of the fresh numbers; the system was on "
            f"{percent(self.score(self.start))} before, and is on {percent(self.score(system))} now.",
            f"Before, {before}. Now U = {U:.2f} and V = {V:.2f}: a {sign} number speaks for a 1. W = {W:.2f}: the state {memory}.",
            f"In (3) as printed a label 0 costs nothing. Trained by it, the system says 1 at {percent(np.mean(self.answers(printed)))} "
            f"of the numbers; {percent(np.mean(labels))} are a 1.",
        ]


def _labels(x: Array) -> Array:
    return np.where(leaky_sums(x) > 0, 1.0, 0.0)


def _with(system: Any, x: Array) -> Any:
    return replace(system, x=x, y=_labels(x))
