"""Files that a command writes: an existing one is replaced only with --force, or if a person at the terminal says yes.

What would prevent writing is reported before anything is computed. A file is written whole or not at all.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from charrnn.errors import OutputError
from charrnn.system.files.output_names import refuse_shipped
from charrnn.system.files.whole_file import whole_file
from charrnn.text.characters.printable import printable_line


def confirm_overwrite(path: Path, force: bool) -> bool:
    """Return whether an existing file may be replaced; a link itself is replaced, not its target.

    Raises OutputError for what ships with the program, for what is not a file, for a folder that is missing or
    read-only, and for an existing file if neither `force` nor a person at the terminal says to replace it.
    """
    refuse_shipped(path)
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file with --out")
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: is a device or a pipe; name a file with --out")
    if not path.parent.is_dir():
        raise OutputError(
            f"{path}: cannot be written: there is no folder {path.parent}; make it, or name another file with --out"
        )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: cannot be written: the folder {path.parent} is read-only; name another with --out")
    if force or not os.path.lexists(path):
        return force
    if not _ask(f"{path} exists; replace it?"):
        raise _exists(path)
    return True


@contextmanager
def open_output(path: Path, replace: bool = True) -> Iterator[IO[bytes]]:
    """Yield a file to write to; it gets its name when it is whole.

    Raises OutputError if it cannot be written, and without `replace` if a file of that name has appeared meanwhile.
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


def _ask(question: str) -> bool:
    """Ask at the terminal, if a person can see the question and answer it.

    typer.confirm would write a part of the question to stdout, and treat Ctrl-C as Ctrl-D.
    """
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"{printable_line(question)} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.buffer.readline()  # bytes: what is typed need not be UTF-8
    if not answer.endswith(b"\n"):
        sys.stderr.write("\n")
    return answer.strip().lower() in (b"y", b"yes")
