"""The echo of a terminal: what the user types while a picture is redrawn, `^C` for example, must not move the cursor.

After a program that was killed, shells set the terminal as they need it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

try:
    import termios
except ImportError:  # Windows, whose console echoes only what a program reads
    termios = None  # type: ignore[assignment]

LOCAL_FLAGS = 3  # their index in what termios.tcgetattr returns


def set_echo(terminal: IO[str], on: bool) -> bool:
    """Switch the echo; returns whether it was on. False, and no change, for what is not a terminal.

    Only for the foreground: in the background the system would stop the program.
    """
    if termios is None:
        return False
    with suppress(termios.error, OSError, ValueError):  # not a terminal, or one that is gone
        settings = termios.tcgetattr(terminal.fileno())
        was_on = bool(settings[LOCAL_FLAGS] & termios.ECHO)
        if was_on != on:
            settings[LOCAL_FLAGS] ^= termios.ECHO
            termios.tcsetattr(terminal.fileno(), termios.TCSANOW, settings)
        return was_on
    return False


@contextmanager
def without_echo(terminal: IO[str]) -> Iterator[None]:
    """In the `with` block, the terminal does not show what is typed."""
    was_on = set_echo(terminal, on=False)
    try:
        yield
    finally:
        if was_on:
            set_echo(terminal, on=True)
