"""Files that appear whole or not at all, and that are written nowhere but under their own names.

A link that somebody left under such a name is never followed.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO

WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds
SIDE = ".tmp"  # the ending of a file that is not whole yet
NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)  # Windows has no such flag; there, links need a right that few have
NO_SUCH_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF}  # of a folder, on some network file systems
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


def side_of(path: Path) -> Path:
    """The name of a file until it is whole."""
    return path.with_name(path.name + SIDE)


@contextmanager
def whole_file(path: Path, previous: Path | None = None) -> Iterator[IO[bytes]]:
    """A side file to write to; flushed to the disk, it takes the name at the end: no reader ever sees a part.

    What bore the name before is kept as `previous`, where that is given. Raises OSError, and whatever is raised within:
    the side file is then removed, and whatever bore the name is still there.
    """
    side = side_of(path)
    kept = side_of(previous) if previous and path.exists() else None
    try:
        side.unlink(missing_ok=True)
        with side.open("xb") as file:
            yield file
            flush(file)
        if previous and kept and not _linked(path, kept):
            _replace(path, previous)
            kept = None
        _replace(side, path)
        if previous and kept:
            _replace(kept, previous)
    except BaseException:
        for left in filter(None, (side, kept)):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _replace(side: Path, path: Path) -> None:
    """As os.replace, which on Windows fails while another process reads what has the name; a moment later it does not."""
    for wait in WAITS if os.name == "nt" else ():
        with suppress(PermissionError):
            os.replace(side, path)
            return
        time.sleep(wait)
    os.replace(side, path)


def finish_keeping(path: Path, previous: Path) -> None:
    """Where a process was killed between giving a new file its name and keeping the one before: keep it.

    Raises OSError.
    """
    kept = side_of(previous)
    if kept.is_file() and not kept.is_symlink() and path.exists() and not kept.samefile(path):
        os.replace(kept, previous)
    kept.unlink(missing_ok=True)


def open_to_append(path: Path) -> FileIO:
    """A file, made where it is missing, that can be read and is written at its end. Raises OSError, also for a link.

    Without a buffer: what could not be written is not tried again when the file is closed.
    """
    return open(path, "a+b", buffering=0, opener=lambda name, flags: os.open(name, flags | NO_LINK, 0o666))


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


def _linked(path: Path, link: Path) -> bool:
    """Give a file a second name, so that it never lacks its first. False where the file system has no links."""
    try:
        link.unlink(missing_ok=True)
        os.link(path, link)
    except OSError:
        return False
    return True


def _flush_folder(folder: Path) -> None:
    """Make a rename survive a power cut. Windows has no such call, and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_SUCH_FLUSH:
            raise
    finally:
        os.close(descriptor)
