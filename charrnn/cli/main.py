"""The start of the command `charrnn`: it handles Ctrl-C before anything else is imported."""

import sys

from charrnn.cli.exit_codes import INTERRUPTED


def main() -> None:
    """Import the command line and run it; Ctrl-C ends it quietly from the start."""
    try:
        from charrnn.cli.app import main

        main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
