"""What the command lines in messages look like here."""

import os

QUOTE = '"' if os.name == "nt" else "'"  # around a word with blanks


def as_here(message: str) -> str:
    """A message for POSIX as this system has it: the quotes around words, and what separates folders."""
    return message.replace("'", QUOTE).replace("/", os.sep)
