"""Ctrl-C and SIGTERM while training: finish the step at hand, save, and only then leave."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether the user, or the system, has asked the training to stop, and with which signal."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def requested(self) -> bool:
        """True once a signal has come."""
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """What a shell expects of a program that a signal ended: 130 or 143."""
        return 128 + (self.signal or 0)


@contextmanager
def stop_politely() -> Iterator[Stop]:
    """Within: the first SIGINT or SIGTERM is only noted, and a second one ends the program as if nobody listened."""
    stop = Stop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, _: FrameType | None) -> None:
        stop.signal = number
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        restore()
