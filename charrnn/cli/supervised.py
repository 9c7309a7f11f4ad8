"""`charrnn` for a program that started it: in a folder of its choice, and asked to stop, as by SIGTERM, when its standard input ends.

    python -m charrnn.cli.supervised FOLDER train ...

The folder is a path, or the number of an open descriptor: so it is the right one whatever its name is by now.

That is when who started it closes the pipe, or is no more, however it ended. It works where there are no signals, too.
"""

import _thread
import os
import signal
import sys
import threading
from types import FrameType

from charrnn.cli import main as command
from charrnn.system.signals import exit_code


def main() -> None:
    """Run the command line."""
    _go_to(sys.argv.pop(1))
    signal.signal(signal.SIGTERM, _leave)  # what nobody handles cannot be sent from a thread
    threading.Thread(target=_stop_with_input, daemon=True).start()
    command.main()


def _go_to(folder: str) -> None:
    if folder.isdigit():
        os.fchdir(int(folder))
        os.close(int(folder))
    else:
        os.chdir(folder)


def _stop_with_input() -> None:
    while os.read(0, 1):  # not sys.stdin, whose lock would be held when the program ends
        pass
    _thread.interrupt_main(signal.SIGTERM)


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(exit_code(number))


if __name__ == "__main__":
    main()
