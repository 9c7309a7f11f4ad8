"""Files that a command writes: what stands there is replaced only where somebody says so, by --force or when asked.

What would keep a file from being written is told before anything is computed; it is written whole or not at all.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from charrnn.errors import OutputError
from charrnn.system.folder_handle import whole_file
from charrnn.text.characters.printable import printable_line


def confirm_overwrite(path: Path, force: bool) -> bool:
    """Whether what bears the name may be replaced. Raises OutputError for what is no file, for a folder that takes none, and where something bears the name and neither
    `force` nor a person at the terminal says to replace it; a link there is replaced itself.
    """
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file with --out")
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: is a device or a pipe, which no file may replace; name a file with --out")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: cannot be written: there is no folder {path.parent}; make it, or name another file")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: cannot be written: the folder {path.parent} is read-only; name another with --out")
    if force or not os.path.lexists(path):
        return force
    if not _confirmed(f"{path} exists; replace it?"):
        raise _exists(path)
    return True


@contextmanager
def open_output(path: Path, replace: bool = True) -> Iterator[IO[bytes]]:
    """A file to write to, that bears its name when it is whole. Raises OutputError where it cannot be written, and where it may
    not `replace` what has come to bear its name meanwhile.
    """
    try:
        with whole_file(path, replace) as file:
            yield file
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


def _exists(path: Path) -> OutputError:
    return OutputError(f"{path}: exists already; --force replaces it, --out names another")


def _confirmed(question: str) -> bool:
    """What a person answers; without one at both ends, no."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"{printable_line(question)} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.buffer.readline()  # bytes: what is typed may be no UTF-8
    if not answer.endswith(b"\n"):
        sys.stderr.write("\n")
    return answer.strip().lower() in (b"y", b"yes")
