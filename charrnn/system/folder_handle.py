"""A directory that is held open: what is done through it is done in it, whatever name it has by then.

Whoever renames the directory of a running training renames it for the training too, and what takes the old name is left
alone. Nothing that is written here follows a link that somebody left in the directory, and a file that has a second name
elsewhere (a hard link) becomes one of its own before it is added to.

Windows cannot hold a directory; there, one in which a file is open cannot be renamed, and names serve.
"""

import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from charrnn.system.atomic_files import flush
from charrnn.system.plain_files import NO_WAIT, require_plain_file, require_plain_mode

SIDE = ".tmp"  # the ending of a file that is not whole yet
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds
CAN_HOLD = {os.open, os.stat, os.unlink, os.mkdir, os.link, os.rename} <= os.supports_dir_fd
DIRECTORY: int = getattr(os, "O_DIRECTORY", 0)
NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)  # Windows has no such flag; there, links need a right that few have
NO_SUCH_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF}  # of a directory, on some network file systems
OPEN_FILES = "/proc/self/fd"  # on Linux, a link for each open file, to where it is now


class Folder:
    """A directory; a context manager, which lets it go at its end. Every method raises OSError."""

    def __init__(self, path: Path) -> None:
        """Hold what bears this name now."""
        self._named, self._held = path, None
        self._held = os.open(path, os.O_RDONLY | DIRECTORY) if CAN_HOLD else None

    @classmethod
    def named(cls, path: Path) -> "Folder":
        """What bears this name whenever it is used: to read from."""
        folder = cls.__new__(cls)
        folder._named, folder._held = path, None
        return folder

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Folder.named, (self.path,)  # another process cannot use what this one holds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()  # as a file that nobody has any more: a lock goes with it

    def close(self) -> None:
        """Let it go; `path` stays what it was. A second time does nothing."""
        if self._held is not None:
            self._named, held, self._held = self.path, self._held, None
            os.close(held)

    @property
    def descriptor(self) -> int | None:
        """Of the open directory; None where it is not held."""
        return self._held

    @property
    def number(self) -> int:
        """By which the file system knows it."""
        return os.stat(self._named if self._held is None else self._held).st_ino

    @property
    def path(self) -> Path:
        """Where it is now; where nobody can tell, where it was."""
        if self._held is None or _is(self._named, self._held):
            return self._named
        now = _place(self._held)
        if now is None:
            return self._named
        if not self._named.is_absolute():
            with suppress(OSError, ValueError):
                return now.relative_to(Path.cwd())
        return now

    @property
    def is_gone(self) -> bool:
        """Whether it was removed, as far as one can tell."""
        if self._held is None:
            return not self._named.is_dir()
        return not _is(self._named, self._held) and _place(self._held) is None

    def names(self) -> list[str]:
        """What is in it, sorted."""
        return sorted(os.listdir(self._named if self._held is None else self._held))

    def has_file(self, name: str) -> bool:
        """Whether there is a file of this name, or a link to one."""
        return stat.S_ISREG(self._mode(name))

    def has(self, name: str) -> bool:
        """Whether there is anything of this name that could be opened."""
        return self._mode(name) != 0

    def refuse_link(self, name: str) -> None:
        """Raises OSError for a link."""
        if stat.S_ISLNK(self._mode(name, follow_symlinks=False)):
            raise OSError(errno.ELOOP, f"{name} is a link, and links are not followed here", str(self.path / name))

    def read(self, name: str) -> IO[bytes]:
        """Open a plain file for reading. Raises NotPlainError for anything else, which may never end."""
        path = self._named / name
        require_plain_mode(path, os.stat(self._at(name), dir_fd=self._held).st_mode)
        file = open(path, "rb", opener=lambda path, flags: self._open(path, flags | NO_WAIT))  # noqa: SIM115 (open as long as its user wants)
        return require_plain_file(path, file)

    def create(self, name: str) -> IO[bytes]:
        """Open a new file for writing. Raises FileExistsError for whatever is there, a link too."""
        return open(self._named / name, "xb", opener=self._open)

    def append_to(self, name: str) -> FileIO:
        """A file of its own, made where it is missing, that can be read and is written at its end. Raises OSError for a link.

        Without a buffer: what could not be written is not tried again when the file is closed.
        """
        file = open(self._named / name, "a+b", buffering=0, opener=self._open_no_link)  # noqa: SIM115 (open as long as its user wants)
        found = os.fstat(file.fileno())
        if stat.S_ISREG(found.st_mode) and found.st_nlink <= 1:
            return file
        with file:
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            file.seek(0)
            with self.whole_file(name) as own:
                shutil.copyfileobj(file, own)
        return self.append_to(name)

    def remove(self, name: str) -> None:
        """Remove a file or a link, where there is one."""
        with suppress(FileNotFoundError):
            os.unlink(self._at(name), dir_fd=self._held)

    def rename(self, name: str, new: str) -> None:
        """Give a file another name, in place of what has that.

        On Windows that fails while another process reads what has the name; a moment later it does not.
        """
        for wait in WAITS if os.name == "nt" else ():
            with suppress(PermissionError):
                self._rename(name, new)
                return
            time.sleep(wait)
        self._rename(name, new)

    def subfolder(self, name: str) -> "Folder":
        """A folder in it, made where it is missing. Raises OSError for a link."""
        with suppress(FileExistsError):
            os.mkdir(self._at(name), dir_fd=self._held)
        self.refuse_link(name)
        folder = Folder.named(self.path / name)
        if self._held is not None:
            folder._held = os.open(name, os.O_RDONLY | DIRECTORY | NO_LINK, dir_fd=self._held)
        elif not folder._named.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return folder

    def again(self) -> "Folder":
        """The same directory, held a second time: without its lock."""
        return Folder.named(self._named) if self._held is None else self.subfolder(".")

    @contextmanager
    def whole_file(
        self, name: str, previous: str | None = None, side: str | None = None, replace: bool = True
    ) -> Iterator[IO[bytes]]:
        """A side file to write to; flushed to the disk, it takes the name at the end: no reader ever sees a part.

        What bore the name before is kept as `previous`, where that is given. `side`: a name that nothing has, in a directory
        that is not a run's; there, what a process that was killed left under the usual one is removed.
        Where it may not `replace` what bears the name by then, FileExistsError.
        Raises OSError, and whatever is raised within: the side file is then removed, and whatever bore the name is still there.
        """
        kept = previous + SIDE if previous and self.has(name) else None
        if side is None:
            side = name + SIDE
            self.remove(side)
        file = self.create(side)
        try:
            with file:
                yield file
                flush(file)
            if previous and kept and not self._linked(name, kept):
                self.rename(name, previous)
                kept = None
            self.rename(side, name) if replace else self._name_anew(side, name)
            if previous and kept:
                self.rename(kept, previous)
        except BaseException:
            for left in filter(None, (side, kept)):
                with suppress(OSError):
                    self.remove(left)
            raise
        self._flush()

    def finish_keeping(self, name: str, previous: str) -> None:
        """Where a process was killed between giving a new file its name and keeping the one before: keep it."""
        kept = previous + SIDE
        if stat.S_ISREG(self._mode(kept, follow_symlinks=False)) and self.has(name) and not self._are_one(kept, name):
            self.rename(kept, previous)
        self.remove(kept)

    def _at(self, name: str) -> str:
        return name if self._held is not None else os.path.join(self._named, name)

    def _open(self, path: str, flags: int) -> int:
        """An opener; its path is for messages."""
        return os.open(self._at(os.path.basename(path)), flags, 0o666, dir_fd=self._held)

    def _open_no_link(self, path: str, flags: int) -> int:
        self.refuse_link(os.path.basename(path))  # to say it plainly; the system's own word is the one that counts
        return self._open(path, flags | NO_LINK)

    def _mode(self, name: str, follow_symlinks: bool = True) -> int:
        """What it is; 0 for nothing."""
        try:
            return os.stat(self._at(name), dir_fd=self._held, follow_symlinks=follow_symlinks).st_mode
        except OSError:
            return 0

    def _are_one(self, name: str, other: str) -> bool:
        first, second = (os.stat(self._at(each), dir_fd=self._held) for each in (name, other))
        return os.path.samestat(first, second)

    def _rename(self, name: str, new: str) -> None:
        os.replace(self._at(name), self._at(new), src_dir_fd=self._held, dst_dir_fd=self._held)

    def _linked(self, name: str, link: str, replace: bool = True) -> bool:
        """Give a file a second name, so that it never lacks its first. False where the file system has no links, or where it may
        not `replace` what has that name.
        """
        held = self._held is not None
        try:
            if replace:
                self.remove(link)
            os.link(
                self._at(name), self._at(link), src_dir_fd=self._held, dst_dir_fd=self._held, follow_symlinks=not held
            )
        except OSError:
            return False
        return True

    def _name_anew(self, side: str, name: str) -> None:
        """Give a file a name that nothing has. Raises FileExistsError where something has it."""
        if not self._linked(side, name, replace=False):
            if self._mode(name, follow_symlinks=False):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
            self.rename(side, name)
        self.remove(side)

    def _flush(self) -> None:
        """Make a rename survive a power cut. Windows has no such call, and needs none."""
        if self._held is None:
            return
        try:
            os.fsync(self._held)
        except OSError as error:
            if error.errno not in NO_SUCH_FLUSH:
                raise


@contextmanager
def whole_file(path: Path, replace: bool = True) -> Iterator[IO[bytes]]:
    """A file in somebody's own folder, of which nothing else is touched: as Folder.whole_file."""
    side = f".charrnn-{secrets.token_hex(8)}{SIDE}"
    with Folder(path.parent) as folder, folder.whole_file(path.name, side=side, replace=replace) as file:
        yield file


def _is(path: Path, descriptor: int) -> bool:
    """Whether a name is that of an open directory."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except (OSError, ValueError):
        return False


def _place(descriptor: int) -> Path | None:
    """Where an open directory is now; None where it is nowhere, or nobody can tell."""
    with suppress(OSError, ImportError, ValueError):
        if sys.platform == "darwin":
            from fcntl import F_GETPATH, fcntl

            path = Path(os.fsdecode(fcntl(descriptor, F_GETPATH, bytes(1024)).rstrip(b"\0")))
        else:
            path = Path(os.readlink(f"{OPEN_FILES}/{descriptor}"))
        return path if _is(path, descriptor) else None
    return None
