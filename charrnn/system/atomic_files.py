"""Bytes on their way to the disk."""

import errno
import os
from contextlib import suppress
from io import FileIO
from typing import IO

NO_FULL_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.ENOTTY}  # of a file, on some volumes of macOS

try:
    from fcntl import F_FULLFSYNC, fcntl  # type: ignore[attr-defined]

    def flush(file: IO[bytes]) -> None:
        """To the disk itself: on macOS, fsync leaves it in the drive's cache; not every volume there has more than that."""
        file.flush()
        try:
            fcntl(file.fileno(), F_FULLFSYNC)
        except OSError as error:
            if error.errno not in NO_FULL_FLUSH:
                raise
            os.fsync(file.fileno())

except ImportError:

    def flush(file: IO[bytes]) -> None:
        """To the disk itself."""
        file.flush()
        os.fsync(file.fileno())


def append(file: FileIO, data: bytes) -> None:
    """Write all of it or nothing. Raises OSError."""
    before, rest = file.seek(0, os.SEEK_END), memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        with suppress(OSError):
            file.truncate(before)
        raise
