"""`charrnn` as the child of another program: it runs in FOLDER, and stops as after SIGTERM when its standard input
ends.

    python -m charrnn.cli.supervised FOLDER train ...

FOLDER is a path or the number of an open descriptor, which stays right if the folder is renamed. Standard input ends
when the parent closes the pipe or dies. This works without signals, too.
"""

import _thread
import os
import signal
import sys
import threading

from charrnn.cli import main as command
from charrnn.system.input_end import wait_for_input_end
from charrnn.system.signals import exit_code


def main() -> None:
    """Run the command line."""
    _go_to(sys.argv.pop(1))
    # A thread cannot send what nobody handles.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(exit_code(number)))
    threading.Thread(target=_stop_with_input, daemon=True).start()
    command.main()


def _go_to(folder: str) -> None:
    if folder.isdigit():
        os.fchdir(int(folder))
        os.close(int(folder))
    else:
        os.chdir(folder)


def _stop_with_input() -> None:
    wait_for_input_end()
    _thread.interrupt_main(signal.SIGTERM)


if __name__ == "__main__":
    main()
