"""A text coloured by its surprisal: what the model expected is green, what it did not is red."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from html import escape

from charrnn.network.arrays import Array
from charrnn.text.characters.printable import is_unsafe, printable_line
from charrnn.words import plural

LIMITS = (0.5, 1.0, 2.0, 4.0, 6.0)  # bits: where one colour ends and the next begins
COLOURS = ("46,160,67,.10", "46,160,67,.28", "200,190,20,.30", "224,150,30,.38", "224,110,40,.48", "215,50,50,.60")
MAX_CHARS = 5_000  # shown; a page of more would be slow
FONT = "font-family: monospace; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5"


def coloured_text(characters: Sequence[str], surprisals: Array, loss: float) -> str:
    """HTML of a text: the colour of each character is behind it, so that the letters keep the page's own; the pointer
    on it shows character and surprisal. Of a long text the beginning, and a note. `surprisals`: (n,), and their mean,
    `loss`, in nats.
    """
    bits = (surprisals[:MAX_CHARS] / math.log(2)).tolist()
    spans = "".join(map(_span, characters, bits))
    more = (
        f"<div>the first {MAX_CHARS:,} of {len(characters):,} characters</div>" if len(characters) > MAX_CHARS else ""
    )
    head = f"{plural(len(characters), 'character')}: {loss:.4f} nats, {loss / math.log(2):.4f} bits per character"
    return f'<div>{head}</div><div>{_legend()}</div><div style="{FONT}">{spans}</div>{more}'


def _span(character: str, bits: float) -> str:
    title = escape(f"{printable_line(character)}  {bits:.2f} bits")
    ending = "\n" if character == "\n" else ""
    return f'<span style="{_style(bits)}" title="{title}">{_visible(character)}</span>{ending}'


def _visible(character: str) -> str:
    """The character in HTML; a control character as a picture of it, a line break as ↵."""
    if character == "\n":
        return "↵"
    return escape(printable_line(character) if is_unsafe(character) and character != "\t" else character)


def _style(bits: float) -> str:
    return f"background: rgba({COLOURS[bisect_right(LIMITS, bits)]})"


def _legend() -> str:
    names = [f"below {limit:g}" for limit in LIMITS] + [f"{LIMITS[-1]:g} or more"]
    middles = [limit - 0.1 for limit in LIMITS] + [LIMITS[-1]]
    parts = (
        f'<span style="{_style(bits)}">&nbsp;{name}&nbsp;</span>' for name, bits in zip(names, middles, strict=True)
    )
    return "surprisal in bits: " + " ".join(parts)
