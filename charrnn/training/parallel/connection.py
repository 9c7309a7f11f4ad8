"""Messages between the processes of one training, over pipes."""

import pickle
import select
import time
from contextlib import suppress
from typing import IO, Any

PIPE_BYTES = 1 << 20  # bytes that a pipe holds, where the system allows: the states of 32 streams of 1,024 units
SPIN_SECONDS = 0.01  # longer than the pause between two steps

try:
    from fcntl import F_SETPIPE_SZ, fcntl

    def enlarge(pipe: IO[bytes]) -> None:
        """Let a pipe hold more. The system allows each user a number of large ones; beyond it, they stay small."""
        with suppress(OSError):
            fcntl(pipe.fileno(), F_SETPIPE_SZ, PIPE_BYTES)

except ImportError:  # not Linux

    def enlarge(pipe: IO[bytes]) -> None:
        """Leave the pipe as the system made it."""


class Connection:
    """Sends and receives any object. Raises EOFError or OSError when the other end is gone."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._reader, self._writer = reader, writer
        self._poll = None
        if hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(reader, select.POLLIN)

    def send(self, message: object) -> None:
        """Send a message; returns once it is in the pipe."""
        pickle.dump(message, self._writer, pickle.HIGHEST_PROTOCOL)
        self._writer.flush()

    def receive(self) -> Any:
        """Wait for the next message and return it."""
        self._spin()
        return pickle.load(self._reader)

    def close(self) -> None:
        """Close both pipes."""
        for pipe in (self._writer, self._reader):
            with suppress(OSError):  # unsent bytes have no reader
                pipe.close()

    def _spin(self) -> None:
        """Wait for a moment without sleeping: the system wakes a sleeper on the writer's core, and they share it."""
        if self._poll is None:
            return
        end = time.perf_counter() + SPIN_SECONDS
        while not self._poll.poll(0) and time.perf_counter() < end:
            pass
