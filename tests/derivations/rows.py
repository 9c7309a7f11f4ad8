"""The equations of a system, each under a key of its own."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from charrnn.derivations.case import Case
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.equation import Equation

Key = tuple[str, str, int]  # the system, the equation's number, which one of those with that number, from 0

DEFAULT = Case()
SQUARE = Case(M=5, D=5, C=5)  # where shapes fit that otherwise do not


def rows(name: str, case: Case = DEFAULT, seed: int = 0) -> Iterator[tuple[Key, Equation]]:
    """One after the other, as they are evaluated."""
    seen = Counter[str]()
    for equation in SYSTEMS[name].equations(SYSTEMS[name].make(case, np.random.default_rng(seed))):
        yield (name, equation.number, seen[equation.number]), equation
        seen[equation.number] += 1


def row(key: Key, case: Case = DEFAULT, seed: int = 0) -> Equation:
    """One of them."""
    return dict(rows(key[0], case, seed))[key]
