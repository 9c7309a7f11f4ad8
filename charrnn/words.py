"""What messages are made of: the name of a parameter, a number with its noun, a command to paste, the name that was
probably meant.
"""

import difflib
import os
import re
import shlex
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from charrnn.system.platform_features import IS_WINDOWS

_spelling: Callable[[str], str] = "`{}`".format
UNQUOTED_ON_WINDOWS = re.compile(r"[\w.:/\\=+-]+")  # by cmd and by PowerShell alike
BEFORE_A_QUOTE = re.compile(r'(\\*)("|$)')


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
    return " ".join([command, *map(shell_word, typed)])


def shell_word(word: str) -> str:
    """A word as it is typed into a shell: quoted where needed, as the shells of this system want it.

    >>> shell_word("My Stories.txt"), shell_word("play.txt")
    ("'My Stories.txt'", 'play.txt')
    """
    if not IS_WINDOWS:
        return shlex.quote(word)
    if UNQUOTED_ON_WINDOWS.fullmatch(word):
        return word
    escaped = BEFORE_A_QUOTE.sub(lambda found: 2 * found[1] + (found[2] and '\\"'), word)
    return f'"{escaped}"'


def _as_argument(path: str) -> str:
    return os.path.join(os.curdir, path) if path.startswith("-") else path


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
