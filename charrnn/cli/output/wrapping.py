"""Text wrapped to a number of columns: between words, else between the characters that a reader sees, never in a
number.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.cells import cell_len
from rich.text import Text

from charrnn.text.characters.graphemes import graphemes

NUMBER = re.compile(r"[+-]?\d[\d.,:]*(?:[eE][+-]?\d+)?%?")
WORD = re.compile(r"( *)([^ ]*)")  # with the spaces before it: a no-break space breaks nothing
PROGRAMS = "charrnn [a-z]+|pip install|python3? -c|pandoc|pdftotext|iconv|curl|echo ['\"]"  # what messages say to type
COMMAND = rf"(?<![\w/-])(?={PROGRAMS})(?:'[^']*'|\"[^\"]*\"|[^';,(]|[;,](?! |$))*(?<! )"  # to the end of its clause
QUOTED = r"(?<![^\s=(])(?:'[^']+'|\"[^\"]+\")(?=[\s;:,.)]|$)"
TIME = r"(?<![^\s(])\d[\d,.]* (?:ms|s|min|h)(?!\w)"
WHOLE_WORD = re.compile(rf"( *)((?:{COMMAND}|{QUOTED}|{TIME}|[^ ])*)")
PART = re.compile(rf"(?:{NUMBER.pattern}|[^-/\\_,.=])*[-/\\_,.=]?")
ELLIPSIS = "…"
EMOJI_STYLE = "\ufe0f"
PICTURES = range(0x1F300, 0x1FB00)


@lru_cache(4096)
def columns_of(grapheme: str) -> int:
    """The most columns that a terminal may use for a grapheme: one that does not join emoji draws each by itself."""
    emoji = EMOJI_STYLE in grapheme or ord(grapheme[0]) in PICTURES  # new ones are missing from some tables of widths
    return max(cell_len(grapheme), sum(map(cell_len, grapheme)), 2 if emoji else 0)


def width_of(text: str) -> int:
    """The most columns that a line takes."""
    return len(text) if text.isascii() else sum(map(columns_of, graphemes(text)))


def fold(text: Text, columns: int) -> list[Text]:
    """The lines of a text, wrapped to `columns`."""
    return [
        line
        for paragraph in text.split("\n", allow_blank=True)
        for line in _cut(paragraph, _breaks(paragraph.plain, columns))
    ]


def fold_at_blanks(text: Text, columns: int) -> list[Text]:
    """The lines of a message, broken at blanks alone: a word, a number with its unit of time, a command
    and what is in quotes stay whole, however long
    they are, so that they can be copied.

    >>> [line.plain for line in fold_at_blanks(Text("a run is there; go on: charrnn train --resume runs/a"), 30)]
    ['a run is there; go on:', 'charrnn train --resume runs/a']
    """
    lines = []
    for paragraph in text.split("\n", allow_blank=True):
        lines += _cut(paragraph, _breaks_at_blanks(paragraph.plain, columns))
    return lines


def shorten(text: Text, columns: int) -> Text:
    """A line, cut with an ellipsis if it is too wide."""
    if width_of(text.plain) <= columns:
        return text
    end, room = 0, columns - 1
    for atom in _atoms(text.plain):
        room -= width_of(atom)
        if room < 0:
            break
        end += len(atom)
    cut = text[:end]
    return cut.append(ELLIPSIS) if columns > 0 else cut


def unbreakable(text: str) -> int:
    """The columns of the widest part that cannot be broken: a number, or one character."""
    return max(map(width_of, _atoms(text)), default=0)


def longest_part(text: str) -> int:
    """The columns of the widest part that stays whole if there is room: a word, or in a path or a key a part between
    marks.
    """
    return max((width_of(found[0]) for word in text.split(" ") for found in PART.finditer(word)), default=0)


def _cut(line: Text, breaks: Iterable[int]) -> list[Text]:
    lines = list(line.divide(breaks))
    for each in lines:
        if spaces := len(each) - len(each.plain.rstrip(" ")):
            each.right_crop(spaces)
    return lines


def _breaks_at_blanks(line: str, columns: int) -> list[int]:
    """The positions of the words that begin a line."""
    breaks, used = [], 0
    for found in WHOLE_WORD.finditer(line):
        needed = len(found[1]) + width_of(found[2])
        if used and found[2] and used + needed > columns:
            breaks.append(found.start(2))
            used, needed = 0, width_of(found[2])
        used += needed
    return breaks


def _breaks(line: str, columns: int) -> list[int]:
    """The positions where the second line begins, and each later one."""
    breaks, used = [], 0
    for found in WORD.finditer(line):
        gap, word, place = len(found[1]), found[2], found.start(2)
        if used + gap + width_of(word) <= columns:
            used += gap + width_of(word)
            continue
        if used and word:
            breaks.append(place)
            used = 0
        else:
            used += gap
        for part in _parts(word, columns):
            width = width_of(part)
            if used and used + width > columns:
                breaks.append(place)
                used = 0
            used += width
            place += len(part)
    return breaks


def _parts(word: str, columns: int) -> Iterator[str]:
    """The parts of a word that is too wide, such as a path: what is between its marks, or its atoms if that is too
    wide, too.
    """
    for found in PART.finditer(word):
        if width_of(found[0]) <= columns:
            yield found[0]
        else:
            yield from _atoms(found[0])


def _atoms(text: str) -> list[str]:
    """The graphemes of a text; those of a number stay together."""
    ends = {end for found in NUMBER.finditer(text) for end in range(found.start() + 1, found.end())}
    atoms: list[str] = []
    place = 0
    for grapheme in graphemes(text):
        if place in ends:
            atoms[-1] += grapheme
        else:
            atoms.append(grapheme)
        place += len(grapheme)
    return atoms
