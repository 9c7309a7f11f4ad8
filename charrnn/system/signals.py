"""Ctrl-C, SIGTERM and a closed terminal during a training: finish the step, save, and only then exit."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from charrnn.system.platform_features import HANG_UP

SIGNALS = [signal.SIGINT, signal.SIGTERM, *([HANG_UP] if HANG_UP else [])]


def exit_code(number: int) -> int:
    """The exit code that shells expect after a signal: 130 for Ctrl-C, 143 for SIGTERM, 129 for a closed terminal."""
    return 128 + number


class StopRequest:
    """The signal by which the user or the system asked the training to stop, if one has come."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def is_set(self) -> bool:
        """True once a signal has come."""
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """The exit code of a program that was asked to stop; 0 if it was not."""
        return exit_code(self.signal) if self.signal else 0


@contextmanager
def held_signals() -> Iterator[None]:
    """In the `with` block a signal waits; it comes at the end. For calls into C that call Python back: what a handler
    raises there, such as KeyboardInterrupt, would be lost.
    """
    if threading.current_thread() is not threading.main_thread():  # where no handler runs
        yield
        return
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    before = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in before:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def graceful_stop() -> Iterator[StopRequest]:
    """In the `with` block, the first signal is only recorded; a second one ends the program as usual.

    A signal that was ignored before, such as SIGHUP under nohup and SIGINT in the background of a script, stays
    ignored.
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
