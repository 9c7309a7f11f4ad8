"""Open plain files, and nothing else: a pipe, a device or a socket may wait or act when it is opened or read."""

import errno
import os
import select
import stat
from pathlib import Path
from typing import IO

from charrnn.system.platform_features import CAN_WAIT_FOR_PIPES, NO_WAIT

PATIENCE = 10.0  # seconds within which somebody must write to a pipe that a person named
OTHER_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class NotPlainError(OSError):
    """A pipe, a device, a socket or a folder in the place of a plain file."""


def require_plain(path: Path, status: os.stat_result | None = None) -> None:
    """Raises NotPlainError for anything but a plain file, and OSError where there is nothing. `status`: its
    `os.stat`.
    """
    kind = OTHER_KINDS.get(stat.S_IFMT((status or os.stat(path)).st_mode))
    if kind:
        raise NotPlainError(errno.EINVAL, f"{kind}, not a plain file", str(path))


def open_plain(path: Path) -> IO[bytes]:
    """Open a plain file for reading. Raises NotPlainError for anything else, without opening it, and OSError."""
    require_plain(path)  # to open a device may do something
    return require_plain_file(path, os.fdopen(os.open(path, os.O_RDONLY | NO_WAIT), "rb"))


def require_plain_file(path: Path, file: IO[bytes]) -> IO[bytes]:
    """The file that was just opened. Closes it and raises NotPlainError where it is not plain: its name may have
    changed hands.
    """
    try:
        require_plain(path, os.fstat(file.fileno()))
    except BaseException:
        file.close()
        raise
    return file


def open_file_or_pipe(path: Path) -> IO[bytes]:
    """Open what a person named for reading: a plain file, or a pipe to which somebody writes, such as <(command).

    Raises OSError, and NotPlainError for a device, a socket, a pipe to which nobody writes within PATIENCE, and, where
    the system cannot wait for a writer, any pipe.
    """
    if not (CAN_WAIT_FOR_PIPES and stat.S_ISFIFO(os.stat(path).st_mode)):
        return open_plain(path)
    descriptor = os.open(path, os.O_RDONLY | NO_WAIT)  # does not wait for a writer
    file = os.fdopen(descriptor, "rb")
    try:
        if not select.select([descriptor], [], [], PATIENCE)[0]:
            raise NotPlainError(errno.EINVAL, "a pipe to which nobody writes", str(path))
        os.set_blocking(descriptor, True)
    except BaseException:
        file.close()
        raise
    return file
