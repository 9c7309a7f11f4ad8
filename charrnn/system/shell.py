"""Commands that messages propose, as they are typed into a shell of this system."""

import os
import re
import shlex

from charrnn.system.platform_features import IS_WINDOWS

UNQUOTED_ON_WINDOWS = re.compile(r"[\w.:/\\=+-]+")  # by cmd and by PowerShell alike
BEFORE_A_QUOTE = re.compile(r'(\\*)("|$)')


def shell_command(command: str, *words: str | os.PathLike[str]) -> str:
    """A command and further words as a line that can be pasted into a shell: the words are quoted where needed, and a
    path is never taken for an option.

    >>> shell_command("charrnn train", "play.txt", "--steps", "5")
    'charrnn train play.txt --steps 5'
    """
    typed = [word if isinstance(word, str) else _as_argument(os.fspath(word)) for word in words]
    return " ".join([command, *map(shell_word, typed)])


def shell_word(word: str) -> str:
    """A word as it is typed into a shell: quoted where needed, as the shells of this system want it.

    >>> shell_word("play.txt")
    'play.txt'
    """
    if not IS_WINDOWS:
        return shlex.quote(word)
    if UNQUOTED_ON_WINDOWS.fullmatch(word):
        return word
    escaped = BEFORE_A_QUOTE.sub(lambda found: 2 * found[1] + (found[2] and '\\"'), word)
    return f'"{escaped}"'


def _as_argument(path: str) -> str:
    return os.path.join(os.curdir, path) if path.startswith("-") else path
