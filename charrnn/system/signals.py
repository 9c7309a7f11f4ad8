"""Ctrl-C, SIGTERM and a terminal that goes away, while training: finish the step at hand, save, and only then leave."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP"):  # Windows has none
    SIGNALS.append(signal.SIGHUP)


def exit_code(number: int) -> int:
    """What a shell expects of a program that a signal ended: 130 after Ctrl-C, 143 after SIGTERM, 129 for a lost terminal."""
    return 128 + number


class StopRequest:
    """Whether the user, or the system, has asked the training to stop, and with which signal."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def requested(self) -> bool:
        """True once a signal has come."""
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """The exit code of a program that was asked to stop; 0 where it was not."""
        return exit_code(self.signal) if self.signal else 0


@contextmanager
def graceful_stop() -> Iterator[StopRequest]:
    """Within: the first signal is only noted, and a second one ends the program as if nobody listened.

    One that is ignored, as SIGHUP under nohup and SIGINT in the background of a script, stays ignored.
    """
    stop = StopRequest()
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    before = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}

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
