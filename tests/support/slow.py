"""Cases of which a few are in the plain run, and the others are marked slow."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest


def mostly_slow(
    names: str | tuple[str, ...],
    cases: Sequence[Any],
    one_in: int,
    ids: Sequence[str] | Callable[[Any], str] | None = None,
) -> pytest.MarkDecorator:
    """As `pytest.mark.parametrize(names, cases)`, with the mark `slow` on all but the first of each `one_in` cases."""
    several = not isinstance(names, str) or "," in names
    slow = [
        case if index % one_in == 0 else pytest.param(*(case if several else [case]), marks=pytest.mark.slow)
        for index, case in enumerate(cases)
    ]
    return pytest.mark.parametrize(names, slow, ids=ids)
