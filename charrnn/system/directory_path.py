"""The path that an open directory has now: it may have been renamed or removed since it was opened."""

import os
import sys
from contextlib import suppress
from pathlib import Path

OPEN_FILES = "/proc/self/fd"  # on Linux, a link for each open file, to where it is now


def has_path(descriptor: int, path: Path) -> bool:
    """Whether an open directory has this path."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except (OSError, ValueError):
        return False


def find_path(descriptor: int) -> Path | None:
    """The path of an open directory; None where it was removed, or where the system cannot say."""
    with suppress(OSError, ImportError, ValueError):
        if sys.platform == "darwin":
            from fcntl import F_GETPATH, fcntl

            path = Path(os.fsdecode(fcntl(descriptor, F_GETPATH, bytes(1024)).rstrip(b"\0")))
        else:
            path = Path(os.readlink(f"{OPEN_FILES}/{descriptor}"))
        return path if has_path(descriptor, path) else None
    return None
