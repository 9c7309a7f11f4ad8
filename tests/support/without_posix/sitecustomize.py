"""Python without what Windows lacks, for the modules of charrnn and for its tests: on any POSIX system,

    PYTHONPATH=tests/support/without_posix python -m charrnn ...

Python imports this file at its start, in child processes too. charrnn then sees `os`, `signal`, `select`, `sys` and
`subprocess` as on Windows: names are gone, an open file is neither replaced nor removed, no open file is passed to a
child, and the group of a child is made by `creationflags`. All other modules see the system as it is: they know it by
themselves, and are not under test. What it cannot imitate: drives, backslashes between folders, and a console's code
page.
"""

import builtins
import errno
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

from posix_only import MODULES, NAMES

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FEATURES = "charrnn.system.platform_features"
GROUP = 0x200


class Windows:
    """A module of the system as Windows has it; what is changed in one is changed in both."""

    __slots__ = ("_before", "_gone", "_others", "_real")
    __dict__ = property(lambda self: vars(self._real))  # monkeypatch and mock look there

    def __init__(self, real, **others):
        before = {name: getattr(real, name, None) for name in others}
        for name, value in zip(
            self.__slots__, (before, NAMES.get(real.__name__, "").split(), others, real), strict=True
        ):
            object.__setattr__(self, name, value)

    def __getattr__(self, name):
        if name in self._gone:
            raise AttributeError(f"Windows has no {self._real.__name__}.{name}", name=name, obj=self)
        if name in self._others and getattr(self._real, name, None) is self._before[name]:  # no test has changed it
            return self._others[name]
        return getattr(self._real, name)

    def __setattr__(self, name, value):
        setattr(self._real, name, value)

    def __delattr__(self, name):
        delattr(self._real, name)


real_replace, real_unlink = os.replace, os.unlink  # a test may put others in their place


def refuse_open(path):
    """Raises PermissionError for a file that a process has open or mapped."""
    if is_open(path):
        raise PermissionError(errno.EACCES, "The process cannot access the file", os.fspath(path))


def is_open(path):
    """Whether a process that we may look into has it open or mapped."""
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            files = os.listdir(f"/proc/{process}/fd")
        except OSError:  # another user's, or gone
            continue
        for file in files:
            with suppress(OSError):  # closed meanwhile
                opened = os.stat(f"/proc/{process}/fd/{file}")
                if os.path.samestat(opened, found):
                    return True
    return False


def replace(source, target, *, src_dir_fd=None, dst_dir_fd=None):
    """os.replace and os.rename; both names must be closed."""
    assert src_dir_fd is None
    assert dst_dir_fd is None
    refuse_open(source)
    refuse_open(target)
    real_replace(source, target)


def unlink(path, *, dir_fd=None):
    """os.unlink."""
    assert dir_fd is None
    refuse_open(path)
    real_unlink(path)


class Popen(subprocess.Popen):
    """As on Windows, where a session means nothing, and a group of its own shields from Ctrl-C."""

    def __init__(self, *given, pass_fds=(), start_new_session=False, creationflags=0, preexec_fn=None, **options):
        if pass_fds:
            raise ValueError("pass_fds not supported on Windows.")
        if preexec_fn:
            raise ValueError("preexec_fn is not supported on Windows platforms")
        super().__init__(*given, start_new_session=bool(creationflags & GROUP), **options)


def locking(descriptor, mode, size):
    """msvcrt.locking for LK_NBLCK: a lock that belongs to the open file, as on Windows."""
    start = os.lseek(descriptor, 0, os.SEEK_CUR)
    wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, start, size, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
    except BlockingIOError:
        raise PermissionError(errno.EACCES, "Permission denied") from None


def open_process(rights, inherits, pid):
    """kernel32.OpenProcess: 0 if there is none."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return pid
    except (OSError, OverflowError):
        return 0
    return pid


KERNEL = SimpleNamespace(
    OpenProcess=open_process, WaitForSingleObject=lambda handle, wait: 258, CloseHandle=lambda handle: 1
)
STANDING_IN = {
    "os": Windows(os, name="nt", supports_dir_fd=set(), replace=replace, rename=replace, unlink=unlink, remove=unlink),
    "signal": Windows(signal, SIGBREAK=signal.SIGUSR1),
    "select": Windows(select),
    "subprocess": Windows(subprocess, Popen=Popen, CREATE_NEW_PROCESS_GROUP=GROUP),
    "sys": Windows(sys, platform="win32"),
    "msvcrt": SimpleNamespace(locking=locking, LK_NBLCK=2),
    "ctypes": SimpleNamespace(windll=SimpleNamespace(kernel32=KERNEL)),
}
real_import = builtins.__import__


def windows_import(name, globals=None, locals=None, fromlist=(), level=0):
    """What `import` does in a module of charrnn, or in a test, which still may import what a pseudo-terminal needs."""
    given = globals or {}
    file = given.get("__file__") or ""
    is_test = file.startswith(TESTS)
    is_ours = given.get("__name__", "").partition(".")[0] == "charrnn"
    if is_ours and not level and isinstance(sys.modules.get(name), SimpleNamespace):  # a test has put it there
        return sys.modules[name]
    if is_ours and name in MODULES and not level:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    if (is_ours or is_test) and name in STANDING_IN and not level:
        return STANDING_IN[name]
    found = real_import(name, globals, locals, fromlist, level)
    if is_ours and name == FEATURES:
        found.LOCK_TABLE, found.OPEN_FILES_FOLDER = Path("/nowhere"), "/nowhere"
    return found


builtins.__import__ = windows_import
places = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
os.environ["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, places))  # for children in other folders
for stream in (sys.stdout, sys.stderr):
    if stream is not None:
        stream.reconfigure(newline="\r\n")
