"""Messages between the processes of one training, over pipes."""

import pickle
import select
import time
from contextlib import suppress
from typing import IO, Any

PIPE_BYTES = 1 << 20  # bytes that a pipe holds, where the system allows: the states of 32 streams of 1,024 units
SPIN_SECONDS = 0.01  # seconds: longer than the pause between two steps

try:
    from fcntl import F_SETPIPE_SZ, fcntl

    def enlarge(pipe: IO[bytes]) -> None:
        """Let a pipe hold more; a user may have so many large ones, and then has small ones."""
        with suppress(OSError):
            fcntl(pipe.fileno(), F_SETPIPE_SZ, PIPE_BYTES)

except ImportError:  # not Linux

    def enlarge(pipe: IO[bytes]) -> None:
        """As the system made it."""


class Connection:
    """Sends and receives any object. Raises EOFError or OSError when the other end is gone."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._reader, self._writer = reader, writer
        self._poll = None
        if hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(reader, select.POLLIN)

    def send(self, message: object) -> None:
        """Returns once the message is in the pipe."""
        pickle.dump(message, self._writer, pickle.HIGHEST_PROTOCOL)
        self._writer.flush()

    def receive(self) -> Any:
        """The next message; waits for it."""
        self._spin()
        return pickle.load(self._reader)

    def close(self) -> None:
        """Close both pipes."""
        for pipe in (self._writer, self._reader):
            with suppress(OSError):  # what was still to be sent has no reader
                pipe.close()

    def _spin(self) -> None:
        """Wait a while without sleeping: the system wakes a sleeper on the core of the one who wrote to it, to share it."""
        if self._poll is None:
            return
        end = time.perf_counter() + SPIN_SECONDS
        while not self._poll.poll(0) and time.perf_counter() < end:
            pass
