"""A directory that is held open: all work goes into it, whatever its name is by then.

You may rename the directory of a running training: it goes on there, and leaves whatever takes the old name alone.
Nothing written here follows a link that somebody left in the directory, and a file with a second name elsewhere (a hard
link) is copied before it is added to.

Windows cannot hold a directory; there, a directory with an open file cannot be renamed, so names serve.
"""

import errno
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, Self

from charrnn.system.files.durable_files import flush
from charrnn.system.files.folder_path import find_path, has_path
from charrnn.system.files.plain_files import require_plain, require_plain_file
from charrnn.system.platform_features import CAN_HOLD_FOLDERS, CAN_REPLACE_OPEN_FILES, FOLDER_ONLY, NO_LINK, NO_WAIT

SIDE = ".tmp"  # the ending of a half-written file
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between tries to replace or remove an open file
NO_SUCH_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF}  # from network file systems


class Folder:
    """A directory, and a context manager that closes it. Every method may raise OSError."""

    def __init__(self, path: Path) -> None:
        """Hold the directory that has this path now."""
        self._named, self._held = path, None
        if CAN_HOLD_FOLDERS:
            self._held = os.open(path, os.O_RDONLY | FOLDER_ONLY)
        elif not stat.S_ISDIR(os.stat(path).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))

    @classmethod
    def at(cls, path: Path) -> "Folder":
        """Whatever directory has this path when it is used: to read from."""
        folder = cls.__new__(cls)
        folder._named, folder._held = path, None
        return folder

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Folder.at, (self.path,)  # another process cannot use the open directory

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()  # like a file without users; a lock on it ends too

    def close(self) -> None:
        """Close it; `path` stays. Closing again does nothing."""
        if self._held is not None:
            self._named, held, self._held = self.path, self._held, None
            os.close(held)

    @property
    def descriptor(self) -> int | None:
        """The descriptor of the open directory; None if it is not held."""
        return self._held

    @property
    def inode(self) -> int:
        """Its number in the file system."""
        return os.stat(self._named if self._held is None else self._held).st_ino

    @property
    def path(self) -> Path:
        """Its path now; the last known one if the system cannot say."""
        if self._held is None or has_path(self._held, self._named):
            return self._named
        now = find_path(self._held)
        if now is None:
            return self._named
        if not self._named.is_absolute():
            with suppress(OSError, ValueError):
                return now.relative_to(Path.cwd())
        return now

    @property
    def is_missing(self) -> bool:
        """Whether it was removed, as far as the system can say."""
        if self._held is None:
            return not self._named.is_dir()
        return not has_path(self._held, self._named) and find_path(self._held) is None

    def names(self) -> list[str]:
        """The names in it, sorted."""
        return sorted(os.listdir(self._named if self._held is None else self._held))

    def has_file(self, name: str) -> bool:
        """Whether this name is a file, or a link to one."""
        return stat.S_ISREG(self._mode(name))

    def has(self, name: str) -> bool:
        """Whether this name exists; a link counts if its target exists."""
        return self._mode(name) != 0

    def refuse_link(self, name: str) -> None:
        """Raises OSError for a link."""
        if stat.S_ISLNK(self._mode(name, follow_symlinks=False)):
            raise OSError(errno.ELOOP, f"{name} is a link, and links are not followed here", str(self.path / name))

    def read(self, name: str) -> IO[bytes]:
        """Open a plain file for reading. Raises NotPlainError for anything else: it may never end."""
        path = self._named / name
        require_plain(path, os.stat(self._at(name), dir_fd=self._held))
        file = open(path, "rb", opener=lambda path, flags: self._open(path, flags | NO_WAIT))  # noqa: SIM115 (open as long as its user wants)
        return require_plain_file(path, file)

    def create(self, name: str) -> IO[bytes]:
        """Open a new file for writing. Raises FileExistsError if the name exists, even as a link."""
        return open(self._named / name, "xb", opener=self._open)

    def append_to(self, name: str) -> FileIO:
        """Open a file for reading, and for writing at its end; make it if it is missing. Raises OSError for a link.

        A file with a second name elsewhere is replaced by a copy. There is no buffer: what could not be written is not
        tried again when the file is closed.
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
        """Remove a file or a link, if there is one."""
        with suppress(FileNotFoundError):
            _try_again(lambda: os.unlink(self._at(name), dir_fd=self._held))

    def rename(self, name: str, new: str) -> None:
        """Rename a file, in place of any other of that name."""
        _try_again(lambda: os.replace(self._at(name), self._at(new), src_dir_fd=self._held, dst_dir_fd=self._held))

    def subfolder(self, name: str) -> "Folder":
        """Open a folder in it; make it if it is missing. Raises OSError for a link."""
        with suppress(FileExistsError):
            os.mkdir(self._at(name), dir_fd=self._held)
        self.refuse_link(name)
        folder = Folder.at(self.path / name)
        if self._held is not None:
            folder._held = os.open(name, os.O_RDONLY | FOLDER_ONLY | NO_LINK, dir_fd=self._held)
        elif not folder._named.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return folder

    def reopen(self) -> "Folder":
        """Hold the same directory a second time, without its lock."""
        return Folder.at(self._named) if self._held is None else self.subfolder(".")

    @contextmanager
    def whole_file(
        self, name: str, previous: str | None = None, side: str | None = None, replace: bool = True
    ) -> Iterator[IO[bytes]]:
        """Write a side file; at the end it is flushed and takes the name, so that no reader ever sees a part.

        `previous`: the name under which to keep the file before it. `side`: the name of the side file; without one,
        `name` with the ending SIDE, and what a killed process left there is removed. Without `replace`, raises
        FileExistsError if the name exists by then.

        After any error the side file is removed, and the file of that name is as it was. Where somebody reads the file
        `previous`, so that it cannot be replaced, it stays, and the file before this one waits beside it for the next
        call, or for `finish_keeping`.
        """
        kept = previous + SIDE if previous and self.has(name) else None
        if side is None:
            side = name + SIDE
            self.remove(side)
        file, moved = self.create(side), False
        try:
            with file:
                yield file
                flush(file)
            if previous and kept and not self._link(name, kept):
                self.rename(name, previous)
                kept, moved = None, True
            self.rename(side, name) if replace else self._take_free_name(side, name)
            moved = False
            if previous and kept:
                with suppress(PermissionError):
                    self.rename(kept, previous)
        except BaseException:
            if previous and moved:
                with suppress(OSError):
                    self.rename(previous, name)
            for left in filter(None, (side, kept)):
                with suppress(OSError):
                    self.remove(left)
            raise
        self._flush()

    def finish_keeping(self, name: str, previous: str) -> None:
        """If a process was killed after a new file took its name and before the old one was kept: keep the old one."""
        kept = previous + SIDE
        if stat.S_ISREG(self._mode(kept, follow_symlinks=False)) and self.has(name):
            old, new = (os.stat(self._at(each), dir_fd=self._held) for each in (kept, name))
            if not os.path.samestat(old, new):
                self.rename(kept, previous)
        self.remove(kept)

    def _at(self, name: str) -> str:
        return name if self._held is not None else os.path.join(self._named, name)

    def _open(self, path: str, flags: int) -> int:
        """An opener for `open`, which passes a path for its messages."""
        return os.open(self._at(os.path.basename(path)), flags, 0o666, dir_fd=self._held)

    def _open_no_link(self, path: str, flags: int) -> int:
        self.refuse_link(os.path.basename(path))  # for a clear message; O_NOFOLLOW is what protects
        return self._open(path, flags | NO_LINK)

    def _mode(self, name: str, follow_symlinks: bool = True) -> int:
        """Its mode; 0 if there is nothing."""
        try:
            return os.stat(self._at(name), dir_fd=self._held, follow_symlinks=follow_symlinks).st_mode
        except OSError:
            return 0

    def _link(self, name: str, link: str, replace: bool = True) -> bool:
        """Give a file a second name, so that it never lacks the first. False if the file system has no links, or,
        without `replace`, if the name exists.
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

    def _take_free_name(self, side: str, name: str) -> None:
        """Rename a file. Raises FileExistsError if the name exists."""
        if not self._link(side, name, replace=False):
            if self._mode(name, follow_symlinks=False):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
            self.rename(side, name)
        self.remove(side)

    def _flush(self) -> None:
        """Make a rename survive a power cut. Windows has no such call and needs none."""
        if self._held is None:
            return
        try:
            os.fsync(self._held)
        except OSError as error:
            if error.errno not in NO_SUCH_FLUSH:
                raise


def _try_again(action: Callable[[], None]) -> None:
    """Rename or remove. Windows refuses that while somebody reads the file, so it is tried again for a moment."""
    for wait in () if CAN_REPLACE_OPEN_FILES else WAITS:
        with suppress(PermissionError):
            action()
            return
        time.sleep(wait)
    action()
