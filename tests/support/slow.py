"""Parametrized tests with most cases marked slow."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest


def mostly_slow(
    names: str | tuple[str, ...],
    cases: Sequence[Any],
    one_in: int,
    ids: Sequence[str] | Callable[[Any], str] | None = None,
) -> pytest.MarkDecorator:
    """`pytest.mark.parametrize(names, cases)` with all but every `one_in`-th case marked slow."""
    several = not isinstance(names, str) or "," in names
    slow = [
        case if index % one_in == 0 else pytest.param(*(case if several else [case]), marks=pytest.mark.slow)
        for index, case in enumerate(cases)
    ]
    return pytest.mark.parametrize(names, slow, ids=ids)
