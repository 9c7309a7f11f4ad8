"""A last word for a process that can say none: where it is killed, a child of it, which outlives it, says what to do."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from charrnn.text.printable import printable_line

READ_TO_THE_END = "import sys; sys.stdin.buffer.read() or sys.stderr.write(sys.argv[1] + '\\n')"


@contextmanager
def guarded(last_word: str) -> Iterator[None]:
    """Within: if this process is killed, the last word goes to stderr. However else it ends, it does not."""
    command = [sys.executable, "-I", "-S", "-c", READ_TO_THE_END, printable_line(last_word)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        with suppress(OSError):  # it may have been killed first
            child.communicate(b"ended")
