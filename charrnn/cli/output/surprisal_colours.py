"""Text coloured by its surprisal: what the network saw coming is a dim green, what it did not a bold red.

bits, -log2 p     below 0.5    1       2        4      6        more
p                 above 0.71   0.5     0.25     0.06   0.016    less
colour            dim green    green   yellow   sand   orange   bold red
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.text import Text

from charrnn.text.characters.printable import is_unsafe, printable, printable_line

LIMITS = (0.5, 1.0, 2.0, 4.0, 6.0)  # bits: where one colour ends and the next begins
STYLES = ("color(65)", "color(71)", "color(143)", "color(179)", "color(173)", "bold color(167)")
SIDES = ("color(75)", "color(209)")  # of two models: the first's, the second's
REVERSE = "reverse"
SLIGHT, STRONG = 0.5, 2.0  # bits
BEGINNING, ENDING = (
    1600,
    800,
)  # characters kept of a line that is longer: a stranger's file may hold a name of a million


def style_of(surprisal: float) -> str:
    """The rich style of a surprisal, in nats; one that is no number is a surprise."""
    return STYLES[bisect_right(LIMITS, surprisal / math.log(2))]


def colour_by_surprisal(pieces: Iterable[str], surprisals: Iterable[float]) -> Text:
    """A text, whose pieces are most often its characters, with the colour of each piece's surprisal, in nats.

    Neighbours of one colour share one span, so that what a terminal receives stays small. Control characters are made visible.
    Raises ValueError where there are more of the one than of the other.
    """
    styled = ((piece, style_of(surprisal)) for piece, surprisal in zip(pieces, surprisals, strict=True))
    return _joined(styled)


def mark_unsafe(text: str, style: str = "") -> Text:
    """A text of several lines, its control characters made visible, and in reverse video where the terminal has that."""
    return _joined((character, style) for character in text)


def mark_unsafe_line(text: str, style: str = "") -> Text:
    """The same for a name or a message: one line that can be read, whatever is in it."""
    shown = Text(style=style)
    if len(text) > BEGINNING + ENDING:
        text = f"{text[:BEGINNING]} [...] {text[-ENDING:]}"
    for unsafe, run in groupby(text, key=is_unsafe):
        shown.append(printable_line("".join(run)), REVERSE if unsafe else "")
    return shown


def colour_by_difference(pieces: Iterable[str], differences: Iterable[float]) -> Text:
    """A text, each piece in the colour of the model that had it likelier: by so many nats the first, where they are negative
    the second; bold from 2 bits on.
    """
    styled = ((piece, _style_of_difference(nats)) for piece, nats in zip(pieces, differences, strict=True))
    return _joined(styled)


def legend_of_difference(names: Sequence[str]) -> Text:
    """Which colour is whose."""
    line = Text("likelier under ")
    for name, style in zip(names, SIDES, strict=True):
        line.append_text(mark_unsafe_line(name, style)).append("" if style == SIDES[-1] else ", under ")
    return line.append(f"; bold from {STRONG:g} bits on, uncoloured below {SLIGHT:g}")


def _style_of_difference(nats: float) -> str:
    size = abs(nats) / math.log(2)
    if not size >= SLIGHT:
        return ""
    return ("bold " if size >= STRONG else "") + SIDES[int(nats < 0)]


def _joined(styled: Iterable[tuple[str, str]]) -> Text:
    """Neighbours of one style share one span; what is made visible is in reverse video."""
    text = Text()
    shown = ((piece, f"{style} {REVERSE}" if _is_replaced(piece) else style) for piece, style in styled)
    for style, run in groupby(shown, key=lambda pair: pair[1]):
        text.append(printable("".join(piece for piece, _ in run)), style)
    return text


def _is_replaced(piece: str) -> bool:
    return piece not in ("\n", "\t") and is_unsafe(piece)


def legend() -> Text:
    """The scale in one line, each part in its own colour."""
    parts = [f"below {LIMITS[0]:g}", *(f"below {limit:g}" for limit in LIMITS[1:]), f"{LIMITS[-1]:g} or more"]
    line = Text("surprisal in bits: ")
    for part, style in zip(parts, STYLES, strict=True):
        line.append(part, style).append(" · " if style != STYLES[-1] else "")
    return line
