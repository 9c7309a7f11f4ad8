"""What messages are made of: the name of a parameter, a number with its noun, the name that was probably meant, and
what is being done before there is a result.
"""

import difflib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

_spelling: Callable[[str], str] = "`{}`".format


class OnStage(Protocol):
    """Called when a stage of a long work begins, such as "reading play.txt"; `seconds` is how long it will take, if
    that is known. It is also called with what was found: "297,961 characters, 74 different".
    """

    def __call__(self, stage: str, seconds: float | None = None, /) -> object: ...


def ignore_stage(stage: str, seconds: float | None = None, /) -> None:
    """The OnStage of a caller who does not wait for anything."""


def parameter(name: str) -> str:
    """A parameter as the user writes it: `weights` in Python, --weights on the command line (see cli/option_names.py).

    It is spelled where a message is made, not where it is printed: so no text of the user's own is ever taken for a
    name.
    """
    return _spelling(name)


@contextmanager
def spelled_as(spelling: Callable[[str], str]) -> Iterator[None]:
    """In the `with` block, messages name parameters by this spelling."""
    global _spelling  # not of a thread or a context: whichever writes a message, the same person reads it
    before, _spelling = _spelling, spelling
    try:
        yield
    finally:
        _spelling = before


def plural(count: int, noun: str) -> str:
    """For example `1 step`, `1,200 steps`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def nearest(name: str, known: Collection[str], cutoff: float = 0.6) -> str | None:
    """The known name that was probably meant; None if none is like it. `cutoff`: from 0, anything, to 1, the same."""
    return next(iter(difflib.get_close_matches(name, known, 1, cutoff)), None)


def did_you_mean(name: str, known: Collection[str]) -> str:
    """For the end of a message: the known name that was probably meant, or nothing."""
    close = nearest(name, known)
    return f"; did you mean {close}?" if close else ""
