"""The lines of a text. A line ends with \\n, \\r\\n or \\r, which is no part of it; see text/positions.py."""

from collections.abc import Iterable, Iterator
from io import IncrementalNewlineDecoder
from itertools import chain


def split_lines(pieces: Iterable[str]) -> Iterator[list[str]]:
    """The lines that each piece of a text completes. What follows the last end is a line if it is not empty.

    >>> [*split_lines(["one\\ntw", "o\\r", "\\n\\nthree"])]
    [['one'], ['two', ''], ['three']]
    """
    newlines, parts = IncrementalNewlineDecoder(None, translate=True), [""]  # parts: of the line that has not ended
    for piece in chain(pieces, [None]):
        first, *others = newlines.decode(piece or "", final=piece is None).split("\n")
        parts.append(first)
        if others:
            yield ["".join(parts), *others[:-1]]
            parts = others[-1:]
    if line := "".join(parts):
        yield [line]
