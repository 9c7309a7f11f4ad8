"""How a shell starts a program in the foreground."""

import signal
import sys


def heed_signals():
    """In a child, before it runs: it ends on every signal, whatever we ourselves were started with (nohup, a script's &)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


in_foreground = {} if sys.platform == "win32" else {"preexec_fn": heed_signals}  # for subprocess.Popen
