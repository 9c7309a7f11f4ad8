"""What one operating system has and another lacks: each difference is named once, here or in the module that it names.

    what                    missing on     without it                                taken away in tests/
    CAN_HOLD_FOLDERS        Windows        folders are named; else supervised.py     system/files/test_folder_handle
                                           uses os.fchdir
    FOLDER_ONLY, NO_LINK    Windows        a link is refused when it is seen, before system/files/test_folder_handle
    OPEN_FILES_FOLDER       macOS, Windows macOS: F_GETPATH; else the name as it     system/files/test_folder_handle
                                           was: folder_path.py
    hard links, os.link     FAT, some NFS  the name is free for a moment between two system/files/test_open_files
                                           renames; a failure gives it back
    CAN_REPLACE_OPEN_FILES  Windows        renamed and removed again a moment later  system/files/test_open_files
    NO_WAIT                 Windows        only plain files are opened at all        system/files/test_plain_files
    CAN_WAIT_FOR_PIPES      Windows        a named pipe is refused, `-` is read:     system/files/test_plain_files
                                           plain_files.py
    HAVE_OWNERS             Windows        what is in the user's folder is the       text/test_cache
                                           user's: cache.py
    ENTRIES_KNOW_THEIR_DISK Windows        links are refused, other disks are not    text/reading/test_recorded_sources
    is_on_disk              Windows        every file counts as one on a disk        text/reading/test_recorded_sources
    f_fullfsync             not macOS      fsync: durable_files.py                   system/test_platform_features
    flock                   Windows        msvcrt locks a byte of the file: lock.py  system/files/test_lock
    LOCK_TABLE              macOS, Windows a process that lives counts: processes.py system/test_processes
    kill, with signal 0     Windows        OpenProcess: processes.py                 system/test_processes
    sched_getaffinity       macOS, Windows all cores: cores.py                       system/test_platform_features
    sysconf                 Windows        memory is not compared before a training: system/test_platform_features
                                           memory.py
    MOST_OPEN_FILES         Windows        1,024 are assumed                         system/test_platform_features
    SHARED_MEMORY_FOLDER    macOS, Windows the folder for temporary files            training/parallel/test_shared_file
    reserve_space           macOS, Windows zeros are written                         training/parallel/test_shared_file
    PASSES_FILES            Windows        children open a file by its name, which   training/parallel/test_shared_file
                                           GONE_AFTER_USE removes
    poll, f_setpipe_sz      macOS, Windows no spinning; smaller pipes:               training/parallel/test_shared_file
                                           parallel/connection.py
    fork                    Windows        nothing: each child is a fresh            test_without_posix
                                           interpreter
    OWN_GROUP               all have one   a session, or a group of the console      system/test_platform_features
    HANG_UP                 Windows        Ctrl-Break instead                        system/test_platform_features
    SUSPEND                 Windows        Ctrl-Z does nothing                       system/test_platform_features
    termios                 Windows        consoles echo only what is read:          system/test_terminal_echo
                                           terminal_echo.py
    tcgetpgrp               Windows        always in the foreground:                 system/test_platform_features
                                           live_terminal.py
    STOP, OPENER, PYTHON    all have one   what messages say to type                 system/test_platform_features
    IS_WINDOWS                             its shells take other quotes, and it has  system/test_shell
                                           no iconv
    PeekNamedPipe           not Windows    a thread may read standard input while    system/test_input_end
                                           NumPy loads: input_end.py
    VT100 (legacy_windows)  old Windows    nothing is drawn, lines are printed       cli/output/test_live_terminal
    UTF-8 in a console      Windows        the command sets its streams to it        cli/test_consoles
    mpich for mpiexec       Windows        one line says what to install             cli/sweep/test_mpi_pool

`PYTHONPATH=tests/support/without_posix pytest` takes all of it away at once: see tests/README.md.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

IS_WINDOWS = os.name == "nt"
IS_MACOS = sys.platform == "darwin"

CAN_HOLD_FOLDERS = {os.open, os.stat, os.unlink, os.mkdir, os.link, os.rename} <= os.supports_dir_fd
FOLDER_ONLY: int = getattr(os, "O_DIRECTORY", 0)  # flags of os.open
NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)  # on Windows, links need a right that few have
NO_WAIT: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
CAN_REPLACE_OPEN_FILES = not IS_WINDOWS
CAN_WAIT_FOR_PIPES = not IS_WINDOWS  # there, `select` knows sockets alone
HAVE_OWNERS = hasattr(os, "geteuid")
ENTRIES_KNOW_THEIR_DISK = not IS_WINDOWS  # the entries of a folder; Windows says 0
OPEN_FILES_FOLDER = "/proc/self/fd"  # on Linux, a link for each open file, to where it is now
LOCK_TABLE = Path("/proc/locks")  # on Linux: the process of each lock is the fifth word of its line
SHARED_MEMORY_FOLDER = Path("/dev/shm")  # on Linux, a folder whose files never reach a disk
ZERO_BLOCK = bytes(1 << 20)

GONE_AFTER_USE: int = getattr(os, "O_TEMPORARY", 0)  # on Windows: no name once nobody has it open; all must say so
PASSES_FILES = os.name == "posix"  # open files to child processes
OWN_GROUP: dict[str, Any] = (  # for subprocess.Popen: the Ctrl-C of a terminal does not reach this child
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)} if IS_WINDOWS else {"start_new_session": True}
)
MOST_OPEN_FILES = (
    min(os.sysconf("SC_OPEN_MAX") % (1 << 63), 1 << 16) if hasattr(os, "sysconf") else 1024
)  # -1: no limit

HANG_UP: signal.Signals | None = getattr(signal, "SIGHUP", getattr(signal, "SIGBREAK", None))  # the terminal is closed
SUSPEND: signal.Signals | None = getattr(signal, "SIGTSTP", None)  # Ctrl-Z
PYTHON = "python" if IS_WINDOWS else "python3"
STOP = "taskkill /f /pid" if IS_WINDOWS else "kill"  # the command that ends a process, by its number
OPENER = "explorer" if IS_WINDOWS else "open" if IS_MACOS else "xdg-open"  # the command that opens a file


def is_on_disk(path: Path) -> bool:
    """Whether a file system is on a disk; the reading of others (/proc, /sys) may wait for ever. Raises OSError."""
    return not hasattr(os, "statvfs") or os.statvfs(path).f_blocks != 0


def reserve_space(descriptor: int, size: int) -> None:
    """Allocate every byte of a new file: a full disk is an error here, not a crash later. Raises OSError."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    with os.fdopen(os.dup(descriptor), "wb") as file:
        for start in range(0, size, len(ZERO_BLOCK)):
            file.write(ZERO_BLOCK[: size - start])
