"""The start of the command `charrnn`: it handles Ctrl-C before anything else is imported."""

import signal
import sys
from types import FrameType

from charrnn.cli.exit_codes import INTERRUPTED


def main() -> None:
    """Import the command line and run it; Ctrl-C ends it quietly from the start."""
    interrupts: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        interrupts.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # nohup and shells may have ignored it
        signal.signal(signal.SIGINT, interrupt)
    try:
        from charrnn.cli.app import main

        main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception:
        if interrupts:  # a library may wrap KeyboardInterrupt: pydantic does, while it builds a model
            sys.exit(INTERRUPTED)
        raise
