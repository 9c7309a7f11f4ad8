"""What messages are made of: the name of a parameter, a number with its noun, a command to paste, the name that was
probably meant.
"""

import difflib
import os
import re
import shlex
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

_PLAIN_ON_WINDOWS = re.compile(r"[\w@+=:,./\\~-]+", re.ASCII)

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


def shell_word(word: str) -> str:
    """One word of a line that can be pasted into a shell: quoted where needed, on Windows as cmd and PowerShell read it.

    >>> shell_word("runs/Stories")
    'runs/Stories'
    """
    return shlex.quote(word) if os.name != "nt" else _windows_word(word)


def _windows_word(word: str) -> str:
    """In double quotes where needed: single ones are no quotes to cmd, and a backslash separates folders."""
    if _PLAIN_ON_WINDOWS.fullmatch(word):
        return word
    quotes_escaped = re.sub(r'(\\*)"', r'\1\1\\"', word)
    escaped = re.sub(r"(\\+)$", r"\1\1", quotes_escaped)
    return f'"{escaped}"'


def shell_command(command: str, *words: str | os.PathLike[str]) -> str:
    """A command and further words as a line that can be pasted into a shell: the words are quoted where needed, and a
    path is never taken for an option.

    >>> from pathlib import Path
    >>> shell_command("charrnn sample", Path("stories"))
    'charrnn sample stories'
    """
    typed = [word if isinstance(word, str) else _as_argument(os.fspath(word)) for word in words]
    return " ".join([command, *map(shell_word, typed)])


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
