"""Text coloured by its surprisal: what the network expected is a dim green, what it did not a bold red.

bits, -log2 p     below 0.5    1       2        4      6        more
p                 above 0.71   0.5     0.25     0.06   0.016    less
colour            dim green    green   yellow   sand   orange   bold red
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from rich.text import Text

from charrnn.cli.output.styled_text import mark_unsafe_line, mark_unsafe_pieces
from charrnn.models.html.surprisal import LIMITS

STYLES = ("color(65)", "color(71)", "color(143)", "color(179)", "color(173)", "bold color(167)")
SIDES = ("color(75)", "color(209)")  # of two models: the first's, the second's
SLIGHT, STRONG = 0.5, 2.0  # bits


def style_of(surprisal: float) -> str:
    """The rich style of a surprisal in nats; NaN is a surprise."""
    return STYLES[bisect_right(LIMITS, surprisal / math.log(2))]


def colour_by_surprisal(pieces: Iterable[str], surprisals: Iterable[float]) -> Text:
    """Each piece of a text, mostly a character, in the colour of its surprisal in nats; control characters are made
    visible.

    Raises ValueError for more pieces than surprisals, or fewer.
    """
    return mark_unsafe_pieces((piece, style_of(surprisal)) for piece, surprisal in zip(pieces, surprisals, strict=True))


def colour_by_difference(pieces: Iterable[str], differences: Iterable[float]) -> Text:
    """Each piece of a text in the colour of the model that gave it the higher probability, bold from 2 bits on.

    A difference is in nats: positive for the first model, negative for the second.
    """
    return mark_unsafe_pieces(
        (piece, _style_of_difference(nats)) for piece, nats in zip(pieces, differences, strict=True)
    )


def legend_of_difference(names: Sequence[str]) -> Text:
    """The names of two models, each in its colour."""
    line = Text("likelier under ")
    for name, style in zip(names, SIDES, strict=True):
        line.append_text(mark_unsafe_line(name, style)).append("" if style == SIDES[-1] else ", under ")
    return line.append(f"; bold from {STRONG:g} bits on, uncoloured below {SLIGHT:g}")


def _style_of_difference(nats: float) -> str:
    size = abs(nats) / math.log(2)
    if not size >= SLIGHT:
        return ""
    return ("bold " if size >= STRONG else "") + SIDES[int(nats < 0)]


def legend() -> Text:
    """The scale in one line, each part in its own colour."""
    parts = [f"below {LIMITS[0]:g}", *(f"below {limit:g}" for limit in LIMITS[1:]), f"{LIMITS[-1]:g} or more"]
    line = Text("surprisal in bits: ")
    for part, style in zip(parts, STYLES, strict=True):
        line.append(part, style).append(" · " if style != STYLES[-1] else "")
    return line
