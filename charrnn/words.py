"""What messages are made of: the name of a parameter, a number with its noun, the name that was probably meant, and
what is being done before there is a result.
"""

import difflib
import os
import shlex
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

UNITS = (  # of a time: name, seconds, and the word for one
    ("year", 31_536_000, "a"),
    ("day", 86_400, "a"),
    ("hour", 3_600, "an"),
    ("minute", 60, "a"),
    ("second", 1, "a"),
)
PAIRS = ((86_400, "day", "h", 3_600), (3_600, "h", "min", 60), (60, "min", "s", 1))  # seconds, names, seconds
ONE_UNIT = 0.05  # 58 seconds are a minute, 80 seconds are not
TEN_DAYS = 864_000  # seconds; from then on hours say nothing
MAX_SECONDS = 1_000_000 * 31_536_000.0  # a million years is long enough for any message

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


def shell_command(command: str, *words: str | os.PathLike[str]) -> str:
    """A command and further words as a line that can be pasted into a shell: the words are quoted where needed, and a
    path is never taken for an option.

    >>> from pathlib import Path
    >>> shell_command("charrnn sample", Path("runs/My Stories"))
    "charrnn sample 'runs/My Stories'"
    """
    typed = [word if isinstance(word, str) else _as_argument(os.fspath(word)) for word in words]
    return f"{command} {subprocess.list2cmdline(typed) if os.name == 'nt' else shlex.join(typed)}"


def _as_argument(path: str) -> str:
    return os.path.join(os.curdir, path) if path.startswith("-") else path


def epochs(passes: float) -> str:
    """How often a text is read, with three digits, but no exponent.

    >>> epochs(0.5), epochs(1), epochs(11.49), epochs(1234.5)
    ('0.5 epochs', '1 epoch', '11.5 epochs', '1,234 epochs')
    """
    shown = f"{passes:.3g}" if passes < 999.5 else f"{passes:,.0f}"
    return f"{shown} epoch{'' if shown == '1' else 's'}"


def duration(seconds: float) -> str:
    """A time for a message, rounded, in the largest unit that fits twice.

    >>> duration(0.2), duration(1.2), duration(45), duration(61), duration(119.7), duration(5000)
    ('less than a second', 'a second', '45 seconds', 'a minute', '2 minutes', '83 minutes')
    >>> duration(3590), duration(86400), duration(1e9)
    ('an hour', 'a day', '32 years')
    """
    whole = round(min(seconds, MAX_SECONDS))
    if whole == 0:
        return "less than a second"
    for unit, length, one in UNITS:
        if whole > (2 - ONE_UNIT) * length:
            return f"{whole / length:,.0f} {unit}s"
        if abs(whole - length) <= ONE_UNIT * length:
            return f"{one} {unit}"
    raise AssertionError("a whole second is at least one of the last unit")


def about(seconds: float) -> str:
    """An estimated time: about 2 minutes, or less than a second."""
    words = duration(seconds)
    return words if words.startswith("less") else f"about {words}"


def short_duration(seconds: float) -> str:
    """A time as figures, in its two largest units; below ten seconds with its fractions.

    >>> short_duration(0.00256), short_duration(1.234), short_duration(45.6), short_duration(140)
    ('2.56 ms', '1.2 s', '46 s', '2 min 20 s')
    >>> short_duration(3600), short_duration(5_000), short_duration(200_000), short_duration(3.6e9)
    ('1 h', '1 h 23 min', '2 days 8 h', '114 years')
    """
    if 0 < seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < 59.5:
        return f"{seconds:.2g} s" if seconds < 9.95 else f"{seconds:.0f} s"
    whole = round(min(seconds, MAX_SECONDS))
    if whole >= 2 * UNITS[0][1]:
        return duration(whole)
    length, large, small, part = next(each for each in PAIRS if whole >= each[0])
    count, rest = divmod(round(whole / part), length // part)
    shown = plural(count, large) if large == "day" else f"{count} {large}"
    return f"{shown} {rest} {small}" if rest and whole < TEN_DAYS else shown


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
