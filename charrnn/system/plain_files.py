"""Plain files: what is opened must be one, and nothing that waits or acts when it is read (a pipe, a device, a socket)."""

import errno
import os
import stat
from pathlib import Path
from typing import IO

NO_WAIT: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


OTHER_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class NotPlainError(OSError):
    """What has a name, and is no plain file: to read from a pipe, a device or a socket may never end."""


def require_plain(path: Path) -> None:
    """Raises NotPlainError for what is no plain file, and OSError where there is nothing."""
    require_plain_mode(path, os.stat(path).st_mode)


def require_plain_mode(path: Path, mode: int) -> None:
    """The same, for what `os.stat` says of it."""
    kind = OTHER_KINDS.get(stat.S_IFMT(mode))
    if kind:
        raise NotPlainError(errno.EINVAL, f"{kind}, not a plain file", str(path))


def open_plain(path: Path) -> IO[bytes]:
    """Open a plain file to read; what is none is not opened. Raises NotPlainError and OSError."""
    require_plain(path)  # to open a device may do something
    return require_plain_file(path, os.fdopen(os.open(path, os.O_RDONLY | NO_WAIT), "rb"))


def require_plain_file(path: Path, file: IO[bytes]) -> IO[bytes]:
    """The file, opened just now. Raises NotPlainError, and closes it, where something else has taken its name meanwhile."""
    try:
        require_plain_mode(path, os.fstat(file.fileno()).st_mode)
    except BaseException:
        file.close()
        raise
    return file
