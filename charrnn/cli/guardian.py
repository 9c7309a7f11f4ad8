"""A last word for a process that can say none: where it is killed, a child of it, which outlives it, says what to do."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from charrnn.text.printable import UNSAFE, printable_line

READ_TO_THE_END = """
import os, re, sys
if not sys.stdin.buffer.read():
    try:
        place = os.getcwd()
    except OSError:
        place = sys.argv[2]
    place = re.sub(sys.argv[3], "?", place)
    sys.stderr.write(sys.argv[1] + place + chr(10))
"""


@contextmanager
def guarded(last_word: str, folder: Path) -> Iterator[None]:
    """Within: if this process is killed, the last word goes to stderr, with where the folder is by then. However else it ends, it
    does not.
    """
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        READ_TO_THE_END,
        printable_line(last_word),
        str(folder),
        UNSAFE.pattern,
    ]
    child = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        with suppress(OSError):  # it may have been killed first
            child.communicate(b"ended")
