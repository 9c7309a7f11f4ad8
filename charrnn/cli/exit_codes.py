"""The exit codes of the command line: 0, these, and after a signal those of system/signals.py."""

FAILED = 1  # the request could not be met
MISUSE = 2  # of the command line
INTERRUPTED = 130  # after Ctrl-C; a number, because main.py imports nothing before it understands Ctrl-C
UNREAD = 141  # as a shell sees a program whose reader went away
