"""Flush a file to the disk itself, and append all of some bytes or none."""

import errno
import os
from contextlib import suppress
from io import FileIO
from typing import IO

NO_FULL_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.ENOTTY}  # errors of F_FULLFSYNC on some volumes of macOS

try:
    from fcntl import F_FULLFSYNC, fcntl  # type: ignore[attr-defined]

    def flush(file: IO[bytes]) -> None:
        """Flush to the disk: on macOS, fsync reaches only the drive's cache. Some volumes there have nothing better."""
        file.flush()
        try:
            fcntl(file.fileno(), F_FULLFSYNC)
        except OSError as error:
            if error.errno not in NO_FULL_FLUSH:
                raise
            os.fsync(file.fileno())

except ImportError:

    def flush(file: IO[bytes]) -> None:
        """Flush to the disk."""
        file.flush()
        os.fsync(file.fileno())


def append(file: FileIO, data: bytes) -> None:
    """Append all bytes or none. Raises OSError."""
    before, rest = file.seek(0, os.SEEK_END), memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        with suppress(OSError):
            file.truncate(before)
        raise
