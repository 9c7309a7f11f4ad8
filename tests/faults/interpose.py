"""File operations that fail, or end the process, at a chosen moment; only those below one folder."""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

CHANGING = ("replace", "rename", "link", "unlink", "remove", "mkdir", "truncate")


class Fault:
    """Decides about each operation; the default lets all through."""

    def before(self, operation: str) -> None:
        """Called before each operation; may raise, or end the process."""

    def room(self, size: int) -> int:
        """How many of `size` bytes a write takes; with none it fails as on a full disk."""
        return size


class Counting(Fault):
    """Only counts operations."""

    def __init__(self) -> None:
        self.operations: list[str] = []

    def before(self, operation: str) -> None:
        self.operations.append(operation)


class FailsAt(Counting):
    """The operations with these numbers fail (with `onwards`, all from the first of them)."""

    def __init__(self, *numbers: int, onwards: bool = False, error: int = errno.EIO) -> None:
        super().__init__()
        self.numbers, self.onwards, self.error = numbers, onwards, error

    def before(self, operation: str) -> None:
        number = len(self.operations)
        super().before(operation)
        if number in self.numbers or (self.onwards and number >= self.numbers[0]):
            raise OSError(self.error, f"{os.strerror(self.error)} (planted at {operation}, operation {number})")


class ExitsAt(Counting):
    """Ends the process before the operation with this number, as SIGKILL would."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def before(self, operation: str) -> None:
        if len(self.operations) == self.number:
            os._exit(GONE)
        super().before(operation)


GONE = 137  # the exit code of `ExitsAt`


class Full(Fault):
    """A disk with room for a number of bytes."""

    def __init__(self, room: int) -> None:
        self.left = room

    def room(self, size: int) -> int:
        taken = min(size, self.left)
        self.left -= taken
        return taken


class _Raw(io.FileIO):
    """A file below the folder, open for writing."""

    def __init__(self, path: Any, mode: str, fault: Fault, opener: Any) -> None:
        fault.before("open")
        super().__init__(path, mode, opener=opener)
        self._fault = fault

    def write(self, data: Any, /) -> int:
        self._fault.before("write")
        view = memoryview(data).cast("B")
        room = self._fault.room(len(view))
        if room == 0 and len(view):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(view[:room])


@contextmanager
def interposed(folder: Path, fault: Fault) -> Iterator[None]:
    """Inside, every operation that changes something below `folder` calls the fault first."""
    root = os.path.realpath(folder)

    def below(path: Any, folder: int | None = None) -> bool:
        """The path of a file, given as a path or as a name in an open folder."""
        if not isinstance(path, (str, os.PathLike)):
            return False
        parent = os.path.realpath(os.path.dirname(path) or ".") if folder is None else _place(folder)
        return parent.startswith(root)

    patches = [mock.patch.object(os, name, _asking(name, fault, below)) for name in CHANGING]
    patches += [mock.patch.object(module, "open", _opening(fault, below)) for module in (io, __import__("builtins"))]
    patches.append(mock.patch.object(os, "fsync", _asking("fsync", fault, lambda *_: True)))
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def _place(folder: int) -> str:
    """The path of an open folder."""
    if os.path.isdir("/proc/self/fd"):
        return os.readlink(f"/proc/self/fd/{folder}")
    from fcntl import F_GETPATH, fcntl

    return os.fsdecode(fcntl(folder, F_GETPATH, bytes(1024)).rstrip(b"\0"))


def _asking(name: str, fault: Fault, concerns: Callable[..., bool]) -> Callable[..., Any]:
    real = getattr(os, name)

    def asking(first: Any, *others: Any, **options: Any) -> Any:
        if concerns(first, options.get("dir_fd", options.get("src_dir_fd"))):
            fault.before(name)
        return real(first, *others, **options)

    return asking


def _opening(fault: Fault, below: Callable[..., bool]) -> Callable[..., Any]:
    real = io.open

    def opening(path: Any, mode: str = "r", buffering: int = -1, *texts: Any, **options: Any) -> Any:
        if not below(path) or not set(mode) & set("wax+"):
            return real(path, mode, buffering, *texts, **options)
        raw = _Raw(path, mode.replace("b", "").replace("t", ""), fault, options.pop("opener", None))
        if buffering == 0:
            return raw
        buffered: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *texts, **options)

    return opening
