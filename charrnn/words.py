"""What messages are made of: the name of a parameter, a number with its noun, the name that was probably meant."""

import difflib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

_spelling: Callable[[str], str] = "`{}`".format


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


def epochs(passes: float) -> str:
    """How often a text is read, with three digits, but no exponent.

    >>> epochs(0.5), epochs(1), epochs(11.49), epochs(1234.5)
    ('0.5 epochs', '1 epoch', '11.5 epochs', '1,234 epochs')
    """
    shown = f"{passes:.3g}" if passes < 999.5 else f"{passes:,.0f}"
    return f"{shown} epoch{'' if shown == '1' else 's'}"


def nearest(name: str, known: Collection[str], cutoff: float = 0.6) -> str | None:
    """The known name that was probably meant; None if none is like it. `cutoff`: from 0, anything, to 1, the same.
    Capitals count as small letters.
    """
    folded = {each.casefold(): each for each in known}
    return next((folded[each] for each in difflib.get_close_matches(name.casefold(), folded, 1, cutoff)), None)


def did_you_mean(name: str, known: Collection[str]) -> str:
    """For the end of a message: the known name that was probably meant, or nothing."""
    close = nearest(name, known)
    return f"; did you mean {close}?" if close else ""
