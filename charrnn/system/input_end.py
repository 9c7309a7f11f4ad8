"""The end of standard input, on which a thread waits while the others work."""

import os
import time

from charrnn.system.platform_features import IS_WINDOWS

POLL_SECONDS = 0.1


def wait_for_input_end() -> None:
    """Return once standard input, a pipe, has ended; what comes before is lost.

    On Windows the pipe is asked again and again: while one thread reads there, another cannot load a library that looks
    at standard input when it starts, as NumPy's does, and both wait for ever.
    """
    if IS_WINDOWS:
        while _pipe_is_open():
            time.sleep(POLL_SECONDS)
    else:
        while os.read(0, 1):  # not sys.stdin: its lock would be held at exit
            pass


def _pipe_is_open() -> bool:
    """Whether the pipe that is standard input has a writer, or something left to read. Windows only."""
    import ctypes
    import msvcrt

    handle = ctypes.c_void_p(msvcrt.get_osfhandle(0))  # type: ignore[attr-defined]
    return bool(ctypes.windll.kernel32.PeekNamedPipe(handle, None, 0, None, None, None))  # type: ignore[attr-defined]
