"""Run a command in this process on a pseudo-terminal of a given width."""

import os
import sys
import threading
from contextlib import suppress

import pytest


def run(monkeypatch, width, *arguments, term="dumb"):
    """Run a command; return its exit code and its output, stdout and stderr together. TERM=dumb has no colours."""
    pytest.importorskip("pty", reason="a pseudo-terminal needs POSIX")
    import fcntl
    import struct
    import termios

    from charrnn.cli.app import app

    monkeypatch.setenv("TERM", term)
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    written = []
    reader = threading.Thread(target=_read, args=(master, written))
    reader.start()
    try:
        with (
            os.fdopen(slave, "w", encoding="utf-8", errors="backslashreplace", newline="") as terminal,
            monkeypatch.context() as patch,
        ):
            patch.setattr(sys, "stdout", terminal)
            patch.setattr(sys, "stderr", terminal)
            with pytest.raises(SystemExit) as ended:
                app([str(argument) for argument in arguments], prog_name="charrnn")
            terminal.flush()
    finally:
        reader.join(30)
        os.close(master)
    return ended.value.code or 0, b"".join(written).decode().replace("\r\n", "\n")


def _read(master, written):
    with suppress(OSError):  # raised at the end of a pseudo-terminal
        while piece := os.read(master, 65536):
            written.append(piece)
