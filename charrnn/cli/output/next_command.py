"""The last line after a training, a sweep, an export or a page: what a person may type next."""

from os import PathLike

from charrnn.cli.output.console import message_console
from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.system.platform_features import OPENER
from charrnn.system.shell import shell_command


def suggest(purpose: str, command: str, *words: str | PathLike[str]) -> None:
    """Print the command with its words on stderr, as a line that can be pasted, if stderr is a terminal. A pipe gets
    nothing.
    """
    console = message_console()
    if console.is_terminal:
        console.print(mark_unsafe_line(f"{purpose}: {shell_command(command, *words)}", "green"), soft_wrap=True)


def suggest_opening(path: PathLike[str]) -> None:
    """Print the command that opens a file."""
    suggest("open it", OPENER, path)
