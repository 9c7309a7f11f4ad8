"""One writer for a run directory: a lock that the system lets go when its holder ends, however it ends.

Both the directory and its file `lock` are locked: the directory, because what is written goes there whatever names it and
the file have by then; the file, because some systems lock no directories. The file says who holds the lock, and stays when
the lock is let go, empty: were it removed, two processes could each lock a file of that name.

Not one of a library, for three reasons: such a lock holds a path, and protects nothing once the directory is renamed; it
does not say who holds it; and it fails where a file system has no locks, where a training goes on with a note.
"""

import json
import os
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from charrnn.errors import RunError
from charrnn.system.atomic_files import append
from charrnn.system.folder_handle import Folder

LOCK = "lock"
WAIT_SECONDS = 1.0  # seconds
PID = "pid"
BEGINNING = f'{{"{PID}": '.encode()  # of what says who holds it
LOCKED_BYTE = 1 << 30  # the byte that Windows locks, and then lets nobody read: far from those that say who holds it

try:
    import fcntl

    def _seize(file: IO[bytes]) -> None:
        """Raises BlockingIOError while another process holds it, and OSError where there are no locks."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _seize_directory(folder: Folder) -> None:
        """Raises BlockingIOError while another process holds it; does nothing where directories have no locks."""
        if folder.descriptor is None:
            return
        try:
            fcntl.flock(folder.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # NFS
            return

except ImportError:
    import msvcrt

    def _seize(file: IO[bytes]) -> None:
        """Raises BlockingIOError while another process holds it."""
        file.seek(LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except PermissionError as error:
            raise BlockingIOError(*error.args) from None

    def _seize_directory(folder: Folder) -> None:
        """Does nothing: while the file is open, the directory keeps its name."""


class Lock:
    """A run directory that is ours until `release`, or until this process ends."""

    def __init__(self, run: Path) -> None:
        """Take it. Raises RunError while another process holds it, saying which; OSError where no file can be made."""
        self.folder = Folder(run)
        self.note: str | None = None
        with ExitStack() as opened:
            opened.callback(self.folder.close)
            self._file = opened.enter_context(
                self.folder.append_to(LOCK)
            )  # what stands there is not lost by opening it
            self._take(run)
            self._write(json.dumps({PID: os.getpid(), "host": socket.gethostname(), "since": time.strftime("%F %T")}))
            opened.pop_all()

    def _take(self, run: Path) -> None:
        try:
            holder = self._acquire()
        except OSError as error:
            self.note = (
                f"{run}: cannot be locked here ({error.strerror}); make sure that no other training writes there"
            )
        else:
            if holder is not None:
                raise RunError(f"{run}: another training writes there: {holder}")
        if not _is_lock_file(self._file):
            raise RunError(f"{run / LOCK}: not written by charrnn, and would be overwritten; choose another directory")

    def _acquire(self) -> str | None:
        """None once it is ours; else who holds it. Who has just taken it gets a moment to say so, or to let it go again."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                _seize_directory(self.folder)
                _seize(self._file)
                return None
            except BlockingIOError:
                holder = _holder(self._file)
                if holder is not None:
                    return holder
                if time.monotonic() > deadline:
                    return "a process that does not say which; wait for its end"
            time.sleep(WAIT_SECONDS / 100)

    def release(self) -> None:
        """Let it go; a second time does nothing."""
        if self._file.closed:
            return
        with suppress(OSError):  # of a disk that takes nothing any more; the system lets the lock go all the same
            self._write("")
        with suppress(OSError):
            self._file.close()
        self.folder.close()

    def _write(self, text: str) -> None:
        self._file.truncate(0)
        append(self._file, text.encode())


def _is_lock_file(file: IO[bytes]) -> bool:
    """Whether the file is empty, or begins as one that says who holds a lock; a power cut can leave zeros."""
    file.seek(0)
    content = file.read(len(BEGINNING)).strip(b"\0")
    return BEGINNING.startswith(content)


def _holder(file: IO[bytes]) -> str | None:
    """Who wrote the file; None where that is not written yet, or no more."""
    file.seek(0)
    try:
        found = json.loads(file.read(1000))
        pid, host, since = int(found[PID]), str(found["host"]), str(found["since"])
    except (ValueError, KeyError, TypeError, OSError):
        return None
    where = "" if host == socket.gethostname() else f" on {host}"
    how = f"or stop it: kill {pid}" if not where else "or stop it there"
    return f"process {pid}{where}, since {since}; wait for its end, {how}"
