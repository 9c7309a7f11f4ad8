"""Results go to stdout, messages to stderr."""

import os
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from charrnn.cli.output.styled_text import REVERSE, mark_unsafe, mark_unsafe_line
from charrnn.cli.output.tables import terminal_columns
from charrnn.cli.output.wrapping import fold_at_blanks
from charrnn.text.characters.printable import is_unsafe, json_text, printable

SIZE_VARIABLES = ("COLUMNS", "LINES")  # in the environment
DEFAULT_COLUMNS = 120  # of a drawing in a pipe or a file


class Terminal(Console):
    """A console that raises BrokenPipeError when its reader has gone; rich's own would end the program at once.

    It is as large as its terminal, whatever COLUMNS and LINES say: they may be left over from another terminal, or be
    0. A line that is printed with `soft_wrap` is broken at blanks there, and never in a pipe.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(
            _environ={key: value for key, value in os.environ.items() if key not in SIZE_VARIABLES}, **options
        )
        if self.is_dumb_terminal and (columns := terminal_columns(self)):  # rich assumes 80
            self.size = (columns, self.height)
        if not terminal_columns(self):
            self.legacy_windows = False  # rich takes a pipe for an old console of Windows, and draws tables otherwise

    def print(self, *objects: Any, **options: Any) -> None:
        """As rich's `print`, but see above; a line with `no_wrap` stays whole, for example a path."""
        whole = options.get("no_wrap") or options.get("end", "\n") != "\n"
        columns = terminal_columns(self) if options.get("soft_wrap") and not whole else None
        if columns and len(objects) == 1 and isinstance(objects[0], Text):
            objects = (Text("\n").join(fold_at_blanks(objects[0], columns)),)
        super().print(*objects, **options)

    def on_broken_pipe(self) -> None:
        """Let the caller decide what this means."""
        raise BrokenPipeError


def print_error(message: str, lines: bool = False) -> None:
    """Print `error:` and a message of one line; with `lines` of several, for several mistakes in a configuration."""
    marked = mark_unsafe(message, "default") if lines else mark_unsafe_line(message, "default")
    message_console().print(Text("error: ", style="bold red") + marked, soft_wrap=True)


def print_note(*messages: str) -> None:
    """Print each message on stderr, in one line; a terminal gets it broken at blanks."""
    for message in messages:
        message_console().print(mark_unsafe_line(message, "dim"), soft_wrap=True)


def write_json(value: object) -> None:
    """Write one line of JSON to stdout."""
    sys.stdout.write(json_text(value) + "\n")


def write_path(path: Path) -> None:
    """Write a path to stdout; a pipe gets it unchanged."""
    if sys.stdout.isatty():
        result_console().print(mark_unsafe_line(str(path)), soft_wrap=True, no_wrap=True)
    else:
        sys.stdout.write(f"{path}\n")
        sys.stdout.flush()


def result_console() -> Console:
    """The console for results, on stdout."""
    return Terminal(width=None if sys.stdout.isatty() else DEFAULT_COLUMNS, highlight=False, markup=False, emoji=False)


def message_console() -> Console:
    """The console for messages, on stderr."""
    return Terminal(stderr=True, highlight=False)


def supports_colour(console: Console) -> bool:
    """Whether a console shows colours: a terminal that can, unless NO_COLOR is set."""
    return console.is_terminal and console.color_system is not None and not console.no_color


def show_sample(prompt: str, text: Iterable[str], stream: bool) -> None:
    """Write prompt and text to stdout, and a line end; with `stream` piece by piece, otherwise at once."""
    write_text(prompt)
    for piece in text if stream else ["".join(text)]:
        write_text(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")
    sys.stdout.flush()


def write_text(text: str) -> None:
    """Write a text to stdout; a terminal shows its control characters and does not obey them."""
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        return
    for replaced, run in groupby(text, lambda character: is_unsafe(character) and character not in "\n\t"):
        if replaced:
            result_console().print(Text(printable("".join(run)), REVERSE), end="", soft_wrap=True)
        else:
            sys.stdout.write("".join(run))
