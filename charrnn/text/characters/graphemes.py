"""Grapheme clusters, which people see as one character: an accented letter, a flag, a family of emoji, a syllable of
Hangul.

These are the clusters of Unicode Standard Annex 29, found by the categories that Python knows. Where the two differ,
clusters are longer here: text is cut between clusters, and a cluster that is too long does no harm.
"""

from itertools import accumulate
from unicodedata import category, combining

JOINER, NON_JOINER = "\u200d", "\u200c"
MARKS = {"Mn", "Me", "Mc"}
PICTOGRAPHIC = {"So", "Sm", "Cn"}  # emoji newer than Python's tables are Cn
ALSO_EXTEND = {JOINER, NON_JOINER, "\u0e33", "\u0eb3", "\uff9e", "\uff9f", *map(chr, range(0x1F3FB, 0x1F400))}
VIRAMA = 9  # the combining class of the sign that joins two consonants
FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
TAGS = range(0xE0020, 0xE0080)
HANGUL = {*range(0x1100, 0x1200), *range(0xA960, 0xA980), *range(0xAC00, 0xD800)}
INNER_JAMO = {*range(0x1160, 0x1200), *range(0xD7B0, 0xD800)}  # vowels and final consonants


def graphemes(text: str) -> list[str]:
    """The clusters of a text, in order."""
    if text.isascii():
        return list(text)
    found: list[str] = []
    for character in text:
        if found and _extends_cluster(character, found[-1]):
            found[-1] += character
        else:
            found.append(character)
    return found


def first_graphemes(text: str, max_chars: int) -> str:
    """The first whole clusters, together at most `max_chars` characters."""
    return "".join(_take(graphemes(text[: max_chars + 1]), max_chars)) if len(text) > max_chars else text


def last_graphemes(text: str, max_chars: int) -> str:
    """The last whole clusters, together at most `max_chars` characters. Half a flag at the beginning of the text is
    left out.
    """
    if len(text) <= max_chars:
        return text
    flags = len(text) - len(text.lstrip(FLAG_LETTERS))
    text = text[flags % 2 :]
    return "".join(_take(graphemes(text)[::-1], max_chars)[::-1])


def extends(character: str) -> bool:
    """Whether a character belongs to whatever is before it."""
    if character.isascii():
        return False
    return character in ALSO_EXTEND or ord(character) in TAGS or category(character) in MARKS


def _take(clusters: list[str], max_chars: int) -> list[str]:
    ends = accumulate(map(len, clusters))
    return [cluster for cluster, end in zip(clusters, ends, strict=True) if end <= max_chars]


def _extends_cluster(character: str, before: str) -> bool:
    """Whether a character continues a cluster."""
    if extends(character):
        return before != "\n"
    last = before[-1]
    if last == JOINER and category(character) in PICTOGRAPHIC:
        return True
    if category(character) == "Lo" and combining(before.rstrip(JOINER)[-1:] or " ") == VIRAMA:
        return True
    if character in FLAG_LETTERS:
        return len(before) == 1 and before in FLAG_LETTERS
    return ord(character) in INNER_JAMO and ord(last) in HANGUL
