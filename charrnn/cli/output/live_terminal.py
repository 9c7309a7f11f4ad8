"""Whether something that moves may be drawn on stderr."""

import os
import sys

from rich.console import Console

NOTEBOOK = "JPY_PARENT_PID"  # set in a Jupyter cell: it claims to be a terminal, but its cursor cannot go up


def can_draw_on(console: Console, json: bool) -> bool:
    """Whether a live display can be drawn on stderr: it is a terminal that obeys the sequences of a VT100 (old consoles
    of Windows do not), this process is in its foreground, and JSON is not written to the same terminal.
    """
    terminal = console.is_interactive and sys.stderr.isatty() and not console.is_dumb_terminal
    terminal = terminal and not console.legacy_windows
    shared = (json and sys.stdout.isatty()) or not in_foreground(console)
    return terminal and NOTEBOOK not in os.environ and not shared


def in_foreground(console: Console) -> bool:
    """Whether this process is in the foreground of its terminal; True on systems without job control."""
    try:
        return os.tcgetpgrp(console.file.fileno()) == os.getpgrp()
    except (AttributeError, OSError):
        return True
