"""`charrnn` for a program that started it: asked to stop, as by SIGTERM, when its standard input ends.

That is when who started it closes the pipe, or is no more, however it ended. It works where there are no signals, too.
"""

import _thread
import os
import signal
import sys
import threading
from types import FrameType

from charrnn.cli import entry


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _leave)  # what nobody handles cannot be sent from a thread
    threading.Thread(target=_stop_with_input, daemon=True).start()
    entry.main()


def _stop_with_input() -> None:
    while os.read(0, 1):  # not sys.stdin, whose lock would be held when the program ends
        pass
    _thread.interrupt_main(signal.SIGTERM)


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
