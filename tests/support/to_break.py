"""A module to break: everything that `mutants.py` edits, and some code that it does not edit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import hypot

SIDES = 2
Table = dict[str, int]


def power(n: int = SIDES + 1, *, by: int = 2) -> int:
    """n to the power `by`."""
    return n**by


def steps(n: int) -> Iterator[int]:
    yield from range(n)


@contextmanager
def halved(values: list[float]) -> Iterator[None]:
    values[0] /= 2
    yield
    values[0] *= 2


def outer(n: int) -> list[int]:
    def inner(k: int, more: int = 1) -> int:
        return k + more

    total = 0

    def add(k: int) -> None:
        nonlocal total
        total += k

    for k in range(n):
        add(k)
    return [inner(k) for k in range(n) if k != 1] + [total]


@dataclass(frozen=True)
class Shape:
    width: float
    height: float = 1.0

    def __post_init__(self) -> None:
        if self.width < 0:
            raise ValueError("a width is not negative")

    def area(self) -> float:
        return self.width * self.height

    @property
    def diagonal(self) -> float:
        return hypot(self.width, self.height)

    @cached_property
    def twice(self) -> float:
        return 2 * self.width

    @classmethod
    def square(cls, side: float) -> "Shape":
        return cls(side, side)

    @staticmethod
    def half(x: float) -> float:
        return x / 2

    def __hidden(self) -> float:
        return self.width + 1

    def shown(self) -> float:
        return self.__hidden() - 1


class Double(Shape):
    __slots__ = ()

    def area(self) -> float:
        return 2 * super().area()

    @property
    def name(self) -> str:
        return f"{self.width + 1}"

    class Inner:
        def call(self, function: Callable[[int], int]) -> int:
            return function(1)


if SIDES > 1:

    def conditional() -> bool:
        return True
