"""What all tasks share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from charrnn.derivations.complex_step import Array
from charrnn.derivations.tasks.descent import Descent, Rule, update


@dataclass(frozen=True)
class Settings:
    """The learning rate, the number of updates, the bound of clipping, and the number of units."""

    alpha: float
    updates: int
    clip: float
    D: int = 0  # 0: cannot be chosen


@dataclass(frozen=True)
class Variant:
    """A training by a wrong print, for comparison: an initial system, and a rule."""

    name: str
    start: Any
    rule: Rule = update


@dataclass(frozen=True)
class Task(ABC):
    """An initial system, and what it should learn.

    A subclass has the data, `batch`, `test`, `score` and `describe`.
    """

    GOAL: ClassVar[str]  # what should be learned, in a sentence
    MEASURE: ClassVar[str]  # what the score is a share of, in a few words
    DEFAULTS: ClassVar[Settings]

    start: Any

    @classmethod
    @abstractmethod
    def make(cls, settings: Settings, random: np.random.Generator) -> "Task":
        """The task with random data and weights."""

    @abstractmethod
    def batch(self, n: int, system: Any) -> Any:
        """The system with the data of update n, from 0."""

    @abstractmethod
    def test(self, system: Any) -> Any:
        """The system with the test data; its loss is averaged."""

    @abstractmethod
    def score(self, system: Any) -> float:
        """A share between 0 and 1 as `MEASURE` says."""

    def variants(self) -> tuple[Variant, ...]:
        """Further trainings, with clipping."""
        return ()

    @abstractmethod
    def describe(self, runs: Mapping[str, Descent]) -> list[str]:
        """What the runs learned, in sentences; `runs` has "unclipped", "clipped", and the variants by their names."""

    def with_weights_of(self, system: Any, **data: Any) -> Any:
        """The initial system with the weights of another, and with other data."""
        weights = {name: getattr(system, name) for name in self.start.PARAMETERS}
        return replace(self.start, **weights, **data)


def normal(random: np.random.Generator, rows: int, columns: int, D: int) -> Array:
    """Random weights, (rows, columns), for a system of D units."""
    return random.normal(0, 1 / np.sqrt(D), (rows, columns))
