"""Read a file on disk once from end to end, decompressed. It must not change meanwhile, nor swell beyond reason."""

import bz2
import errno
import gzip
import lzma
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from charrnn.errors import TextError
from charrnn.system.files.plain_files import NotPlainError, open_plain
from charrnn.words import parameter

OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
DAMAGED = (EOFError, ValueError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, MemoryError)
MAX_EXPANSION = 200.0  # a text may be this many times the size of its file; what people write and log stays below 100
ALWAYS_ALLOWED_BYTES = 1 << 24  # bytes of text that are never too many
BINARY_PROBE = 8192  # bytes that show what kind of file it is


class TextFile:
    """An open file, decompressed as it is read."""

    def __init__(self, path: Path, max_expansion: float = MAX_EXPANSION) -> None:
        """Raises OSError."""
        self._path, self._max_expansion, self._length = path, max_expansion, 0
        self._raw = open_plain(path)
        opener = OPENERS.get(path.suffix.lower())
        self._file = opener(self._raw) if opener else self._raw
        self._began_as = self._looks()

    def read(self, size: int) -> bytes:
        """The next bytes of the text; none at its end.

        Raises TextError for a file that changed since it was opened, or that swells to more than `max_expansion` times
        its size; OSError; and one of DAMAGED.
        """
        piece: bytes | None = self._file.read(size)
        if piece is None:  # such as /proc/kmsg, where the next part is still to come
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

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._raw.close()

    def _looks(self) -> tuple[int, int]:
        """The size, and the time of the last change."""
        status = os.fstat(self._raw.fileno())
        return status.st_size, status.st_mtime_ns
