"""Parametrized tests with most cases marked slow, or exhaustive."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest


def mostly_slow(
    names: str | tuple[str, ...],
    cases: Sequence[Any],
    one_in: int,
    ids: Sequence[str] | Callable[[Any], str] | None = None,
    slow_in: int = 1,
) -> pytest.MarkDecorator:
    """`pytest.mark.parametrize(names, cases)` with every `one_in`-th case in the plain run. Of the others every
    `slow_in`-th is marked slow, and the rest exhaustive.
    """
    several = not isinstance(names, str) or "," in names
    marked = [
        case
        if index % one_in == 0
        else pytest.param(
            *(case if several else [case]), marks=pytest.mark.exhaustive if index % slow_in else pytest.mark.slow
        )
        for index, case in enumerate(cases)
    ]
    return pytest.mark.parametrize(names, marked, ids=ids)


def mostly_exhaustive(
    names: str | tuple[str, ...],
    cases: Iterable[Any],
    one_in: int,
    ids: Iterable[str] | Callable[[Any], str] | None = None,
) -> pytest.MarkDecorator:
    """`pytest.mark.parametrize(names, cases)` of a test that has a mark already: every `one_in`-th case keeps that mark
    alone, and the rest is marked exhaustive too.
    """
    several = not isinstance(names, str) or "," in names
    marked = [
        pytest.param(*(case if several else [case]), marks=pytest.mark.exhaustive) if index % one_in else case
        for index, case in enumerate(cases)
    ]
    return pytest.mark.parametrize(names, marked, ids=ids)
