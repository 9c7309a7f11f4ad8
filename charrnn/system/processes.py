"""Whether another process lives."""

import os

from charrnn.system.platform_features import IS_WINDOWS, LOCK_TABLE

ENDED = 0  # WaitForSingleObject's answer for a process that ended
SYNCHRONIZE = 0x00100000


def process_holds_lock(pid: int) -> bool:
    """Whether this process lives and, where the system can say so, holds a lock: another may have its number by now."""
    try:
        locks = [line.split() for line in LOCK_TABLE.read_text("utf-8").splitlines()]
    except OSError:
        return is_alive(pid)
    return any(words[4:5] == [str(pid)] for words in locks)


def is_alive(pid: int) -> bool:
    """Whether a process has this number."""
    if not 0 < pid < 1 << 32:
        return False  # 0 and less: a group of processes; Windows takes no number of more bits
    if IS_WINDOWS:
        return _is_alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # another user's
    except (OSError, OverflowError):
        return False
    return True


def _is_alive_on_windows(pid: int) -> bool:
    """The same on Windows, where os.kill would end the process."""
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(SYNCHRONIZE, False, pid)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) != ENDED)
    finally:
        kernel.CloseHandle(handle)
