"""What the command lines in messages look like here."""

import os

QUOTE = '"' if os.name == "nt" else "'"  # around a word with blanks


def as_here(message: str) -> str:
    """A message for POSIX as this system has it: the quotes around words, and what separates folders."""
    return message.replace("'", QUOTE).replace("/", os.sep)


def as_on_posix(message: str) -> str:
    """A message with the quotes and separators of POSIX, to compare what differs by nothing else."""
    return message if os.name == "posix" else message.replace('"', "'").replace("\\", "/")
