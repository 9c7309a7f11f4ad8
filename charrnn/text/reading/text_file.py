"""Files on disk, decompressed, read once from end to end; they must neither change meanwhile nor swell beyond reason."""

import bz2
import errno
import gzip
import lzma
import os
import select
import stat
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from charrnn.errors import TextError
from charrnn.system.plain_files import NO_WAIT, NotPlainError, open_plain
from charrnn.words import parameter

OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
DAMAGED = (EOFError, ValueError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, MemoryError)
MAX_EXPANSION = 200.0  # times a file's size that its text may be; what people write and log stays below 100
ALWAYS_ALLOWED_BYTES = 1 << 24  # bytes of text that are never too many
BINARY_PROBE = 8192  # bytes looked at to tell what kind of file it is


PATIENCE = 10.0  # seconds within which somebody must write to a pipe that was named


def open_named(path: Path) -> IO[bytes]:
    """The same for what a person named, which may also be a pipe to which somebody writes: <(command), for example.

    Raises OSError, and NotPlainError for a device, for a socket, and for a pipe to which nobody writes within PATIENCE.
    """
    if not stat.S_ISFIFO(os.stat(path).st_mode):
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


class TextFile:
    """An open file whose text is taken with `read`."""

    def __init__(self, path: Path, max_expansion: float = MAX_EXPANSION) -> None:
        """Raises OSError."""
        self._path, self._max_expansion, self._length = path, max_expansion, 0
        self._raw = open_plain(path)
        opener = OPENERS.get(path.suffix.lower())
        self._file = opener(self._raw) if opener else self._raw
        self._began_as = self._looks()

    def read(self, size: int) -> bytes:
        """The next bytes of the text, none at its end. Raises TextError for a file that changed since it was opened, or that
        swells to more than `max_expansion` times its size; OSError, and one of DAMAGED.
        """
        piece: bytes | None = self._file.read(size)
        if piece is None:  # as of /proc/kmsg, of which the next part is still to come
            raise NotPlainError(errno.EAGAIN, "a device, not a plain file", str(self._path))
        self._length += len(piece)
        if self._length > max(ALWAYS_ALLOWED_BYTES, self._max_expansion * self._raw.tell()):
            raise TextError(
                f"{self._path}: its first {self._raw.tell():,} bytes unpack to more than {self._length:,} bytes, suspiciously many; "
                f"if that is right, unpack it yourself, or train with {parameter('settings')} data.max_expansion={2 * self._max_expansion:g}"
            )
        if self._looks() != self._began_as:
            raise TextError(f"{self._path}: changed while it was read; start again when nothing writes to it any more")
        return piece

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._raw.close()

    def _looks(self) -> tuple[int, int]:
        """Size and time of the last change."""
        status = os.fstat(self._raw.fileno())
        return status.st_size, status.st_mtime_ns


def begins_with(path: Path, size: int) -> bytes:
    """The first bytes of its text. Raises OSError, and one of DAMAGED."""
    with TextFile(path) as file:
        return file.read(size)
