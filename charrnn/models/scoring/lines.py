"""The lines of a text. A line ends with \\n, \\r\\n or \\r, which is no part of it; see text/positions.py."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

LINE_END: dict[type, re.Pattern[Any]] = {str: re.compile(r"\r\n|\r|\n"), bytes: re.compile(rb"\r\n|\r|\n")}


def split_lines(pieces: Iterable[Any]) -> Iterator[list[Any]]:
    """The lines that each piece of a text completes. What follows the last end is a line if it is not empty.

    >>> [*split_lines(["one\\ntw", "o\\r", "\\n\\nthree"])]
    [['one'], ['two', ''], ['three']]
    """
    parts: list[Any] = []  # of the line that has not ended
    held = b""  # a \r that may be the first half of an end
    for piece in pieces:
        whole = held + piece if held else piece
        held = whole[-1:] if whole[-1:] in ("\r", b"\r") else whole[:0]
        first, *others = LINE_END[type(whole)].split(whole[: len(whole) - len(held)])
        parts.append(first)
        if others:
            yield [first[:0].join(parts), *others[:-1]]
            parts = others[-1:]
    line = parts[0][:0].join(parts) if parts else b""
    if line or held:
        yield [line]
