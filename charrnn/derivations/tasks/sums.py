"""D0: linear units learn a leaky sum of real numbers. D1: exploding gradients, which clipping is against."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from charrnn.derivations.complex_step import Array
from charrnn.derivations.functions import IDENTITY, SQUARED_ERROR
from charrnn.derivations.in_words import percent
from charrnn.derivations.systems.mean_loss import MeanLoss
from charrnn.derivations.systems.vanishing import dominant
from charrnn.derivations.tasks.descent import Descent
from charrnn.derivations.tasks.leaky import RETENTION, leaky_sums
from charrnn.derivations.tasks.task import Settings, Task

T = 10
FRESH = 100  # numbers of the test


@dataclass(frozen=True)
class Sums(Task):
    """The leaky sum itself, by linear units: φ_h and φ_o are the identity, the loss is the squared error."""

    GOAL: ClassVar = f"give r_t = x_t + {RETENTION} r_{{t-1}}, a sum that forgets, by linear units"
    MEASURE: ClassVar = "error / that of the mean"
    DEFAULTS: ClassVar = Settings(alpha=0.03, updates=250, clip=1.0, D=2)
    RATE: ClassVar = 0.5  # |λ_1| of the initial W_hh

    X: Array  # (updates, T, 1)
    fresh: Array  # (FRESH, 1)

    @classmethod
    def make(cls, settings: Settings, random: np.random.Generator) -> "Sums":
        """Random weights into and out of the units; W_hh is 0 but for λ_1."""
        D, X = settings.D, random.normal(size=(settings.updates, T, 1))
        start = MeanLoss(
            X=X[0],
            d=leaky_sums(X[0]),
            w_h=np.vstack([random.uniform(0.5, 1.0, (1, D)), np.diag(cls.RATE * (np.arange(D) == 0))]),
            b_h=np.zeros(D),
            W_hy=random.uniform(0.5, 1.0, (1, D)) / D,
            b_y=np.zeros(1),
            h_0=np.zeros(D),
            φ_h=IDENTITY,
            φ_o=IDENTITY,
            ell=SQUARED_ERROR,
        )
        return cls(start, X, random.normal(size=(FRESH, 1)))

    def batch(self, n: int, system: Any) -> Any:
        """T new numbers an update."""
        return replace(system, X=self.X[n], d=leaky_sums(self.X[n]))

    def test(self, system: Any) -> MeanLoss:
        """The fresh numbers, in one sequence."""
        return self.with_weights_of(system, X=self.fresh, d=leaky_sums(self.fresh))

    def score(self, system: Any) -> float:
        """The squared error, relative to that of the sums' mean."""
        judged = self.test(system)
        return self.relative(np.array([judged.o(t) for t in judged.times]))

    def relative(self, o: Array) -> float:
        """The squared error of predictions of the fresh sums, (FRESH, 1), relative to that of their mean."""
        sums = leaky_sums(self.fresh)
        return float(((o - sums) ** 2).sum() / ((sums - sums.mean()) ** 2).sum())

    def last_alone(self) -> float:
        """The error of the best multiple of the last number."""
        best = (self.fresh * leaky_sums(self.fresh)).sum() / (self.fresh**2).sum()
        return self.relative(best * self.fresh)

    def describe(self, runs: Mapping[str, Descent]) -> list[str]:
        """The error, and the eigenvalue."""
        system = runs["clipped"].system
        return [
            f"Of the error that the mean makes, the best multiple of x_t alone leaves {percent(self.last_alone())}, "
            f"the system {percent(self.score(system))}.",
            f"|λ_1| of W_hh was {dominant(self.start.W_hh):.2f}, and is {dominant(system.W_hh):.2f}; that of the sum is {RETENTION}.",
        ]


@dataclass(frozen=True)
class Exploding(Sums):
    """The same sum, from where gradients explode."""

    RATE: ClassVar = 2.0
    GOAL: ClassVar = f"{Sums.GOAL}, from |λ_1| = {RATE:g}, where gradients explode"
    DEFAULTS: ClassVar = Settings(alpha=0.05, updates=250, clip=1.0, D=1)
