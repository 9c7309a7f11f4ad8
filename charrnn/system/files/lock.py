"""One writer for a run directory: a lock that the system releases when its holder ends, however it ends.

Both the directory and its file `lock` are locked: the directory, because the training writes there whatever names it
and the file have by then; the file, because some systems cannot lock directories. The file says who holds the lock. It
stays, empty, after the release: if it were removed, two processes could each lock a file of that name.

The lock of a library would not do, for three reasons: it locks a path, and protects nothing once the directory is
renamed; it does not say who holds it; and it fails on a file system without locks, where a training goes on with a
note.
"""

import json
import os
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from charrnn.errors import RunError
from charrnn.system.files.durable_files import append
from charrnn.system.files.folder_handle import Folder
from charrnn.system.files.plain_files import open_plain
from charrnn.system.platform_features import STOP
from charrnn.system.processes import process_holds_lock

LOCK = "lock"
WAIT_SECONDS = 1.0  # for a holder to write who it is
PID = "pid"
MAX_HOLDER_BYTES = 1000  # of what a lock file says
STALE_SECONDS = 3600.0  # in which a training on another machine writes something
BEGINNING = f'{{"{PID}": '.encode()  # of a lock file
LOCKED_BYTE = 1 << 30  # Windows lets nobody read the byte that it locks: this is far beyond the text

try:
    import fcntl

    def _seize(file: IO[bytes]) -> None:
        """Raises BlockingIOError while another process holds it, and OSError if there are no locks."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _seize_directory(folder: Folder) -> None:
        """Raises BlockingIOError while another process holds it; does nothing if directories have no locks."""
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
    """The lock of a run directory, held until `release` or the end of this process."""

    def __init__(self, run: Path) -> None:
        """Take it. Raises RunError, with the holder, while another process has it, and OSError if no file can be made."""
        self.folder = Folder(run)
        self.note: str | None = None
        with ExitStack() as opened:
            opened.callback(self.folder.close)
            self._file = opened.enter_context(self.folder.append_to(LOCK))  # opening keeps what is in it
            self._take(run)
            since = time.strftime("%Y-%m-%d %H:%M:%S")
            self._write(json.dumps({PID: os.getpid(), "host": socket.gethostname(), "since": since}))
            opened.pop_all()

    def _take(self, run: Path) -> None:
        try:
            holder = self._acquire()
        except OSError as error:
            self.note = (
                f"{run}: cannot be locked here ({error.strerror}); make sure that no other training is writing there"
            )
        else:
            if holder is not None:
                raise RunError(f"{run}: another training is writing there: {holder}")
        if not _is_lock_file(self._file):
            raise RunError(f"{run / LOCK}: not a lock of charrnn, and would be overwritten; choose another directory")

    def _acquire(self) -> str | None:
        """None once it is ours, or its holder. A process that has just taken it gets a moment to say so, or to release
        it.
        """
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
                    return "a process that has not recorded its id; wait until it ends"
            time.sleep(WAIT_SECONDS / 100)

    def release(self) -> None:
        """Release it; a second time does nothing."""
        if self._file.closed:
            return
        with suppress(OSError):  # a full disk; the system releases the lock all the same
            self._write("")
        with suppress(OSError):
            self._file.close()
        self.folder.close()

    def _write(self, text: str) -> None:
        self._file.truncate(0)
        append(self._file, text.encode())


def is_held(run: Path) -> bool:
    """Whether a process trains in this directory now, as far as its lock file says. Takes no lock, and writes nothing.

    A lock of another machine, whose processes cannot be seen from here, counts while the run still changes.
    """
    try:
        with open_plain(run / LOCK) as file:
            found = json.loads(file.read(MAX_HOLDER_BYTES))
        pid, host = int(found[PID]), str(found["host"])
        if host != socket.gethostname():
            return time.time() - max(each.stat().st_mtime for each in run.iterdir()) < STALE_SECONDS
    except (ValueError, KeyError, TypeError, OSError, OverflowError, RecursionError):
        return False
    return process_holds_lock(pid)


def _is_lock_file(file: IO[bytes]) -> bool:
    """Whether the file is empty, or begins like a lock file; a power cut can leave zeros."""
    file.seek(0)
    content = file.read(len(BEGINNING)).strip(b"\0")
    return BEGINNING.startswith(content)


def _holder(file: IO[bytes]) -> str | None:
    """Who wrote the file; None if that is not written yet, or was erased."""
    file.seek(0)
    try:
        found = json.loads(file.read(MAX_HOLDER_BYTES))
        pid, host, since = int(found[PID]), str(found["host"]), str(found["since"])
    except (ValueError, KeyError, TypeError, OSError, OverflowError, RecursionError):
        return None
    where = "" if host == socket.gethostname() else f" on {host}"
    how = f"or stop it: {STOP} {pid}" if not where else "or stop it there"
    return f"process {pid}{where}, since {since}; wait until it ends, {how}"
