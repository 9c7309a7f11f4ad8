"""Where an open directory is now."""

import os
from contextlib import suppress
from pathlib import Path

from charrnn.system.platform_features import IS_MACOS, OPEN_FILES_FOLDER


def has_path(descriptor: int, path: Path) -> bool:
    """Whether an open file or directory has this path."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except (OSError, ValueError):
        return False


def find_path(descriptor: int) -> Path | None:
    """The path of an open directory; None where it was removed, or where the system cannot say."""
    with suppress(OSError, ImportError, ValueError):
        if IS_MACOS:
            from fcntl import F_GETPATH, fcntl  # type: ignore[attr-defined]

            path = Path(os.fsdecode(fcntl(descriptor, F_GETPATH, bytes(1024)).rstrip(b"\0")))
        else:
            path = Path(os.readlink(f"{OPEN_FILES_FOLDER}/{descriptor}"))
        return path if has_path(descriptor, path) else None
    return None
