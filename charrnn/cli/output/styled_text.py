"""Text for a terminal: pieces with their styles, and what a terminal would obey made visible."""

from collections.abc import Iterable
from itertools import groupby

from rich.text import Text

from charrnn.text.characters.printable import is_unsafe, printable, printable_line

REVERSE = "reverse"
MAX_START, MAX_END = 1600, 800  # characters kept of a longer line: a stranger's file may hold a name of a million


def styled_runs(pieces: Iterable[tuple[str, str]]) -> Text:
    """The text of (piece, style) pairs; neighbours of one style share one span, so that a terminal receives little."""
    text = Text()
    for style, run in groupby(pieces, key=lambda pair: pair[1]):
        text.append("".join(piece for piece, _ in run), style)
    return text


def mark_unsafe_pieces(pieces: Iterable[tuple[str, str]]) -> Text:
    """The same, with control characters made visible; one that is a piece by itself is in reverse video."""
    return styled_runs(
        (printable(piece), f"{style} {REVERSE}" if is_unsafe(piece) and piece not in ("\n", "\t") else style)
        for piece, style in pieces
    )


def mark_unsafe(text: str, style: str = "") -> Text:
    """A text of several lines with its control characters made visible, in reverse video if the terminal has that."""
    return mark_unsafe_pieces((character, style) for character in text)


def mark_unsafe_line(text: str, style: str = "") -> Text:
    """The same for a name or a message: one line, whatever is in it."""
    shown = Text(style=style)
    if len(text) > MAX_START + MAX_END:
        text = f"{text[:MAX_START]} [...] {text[-MAX_END:]}"
    for unsafe, run in groupby(text, key=is_unsafe):
        shown.append(printable_line("".join(run)), REVERSE if unsafe else "")
    return shown
