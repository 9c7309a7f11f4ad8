"""Make visible what would move or hijack a terminal; every other character stays.

    Cc               U+0000 to U+001F, U+007F, U+0080 to U+009F: escape sequences begin with one of them
    line ends        U+2028, U+2029
    bidi controls    U+202A to U+202E, U+2066 to U+2069: they reorder the text after them
    lone surrogates  no output can encode them

The first 32 and U+007F become pictures, ␀ to ␟ and ␡, one column each; the others code points, <U+202E>. A terminal
shows both in reverse video, so that a real ␛ in a text is not taken for an escape (cli/output/styled_text.py).
"""

import json
import re
import unicodedata

UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LEFT_IN_TEXT = {"\n": "\n", "\t": "    "}


def is_unsafe(character: str) -> bool:
    """Whether a terminal would not just show the character; true for a tab and a line break too."""
    return UNSAFE.fullmatch(character) is not None


def printable(text: str) -> str:
    """A text of several lines: line breaks stay, a tab becomes four spaces."""
    return UNSAFE.sub(lambda found: LEFT_IN_TEXT.get(found[0]) or _picture(found[0]), text)


def printable_line(text: str) -> str:
    """A name or a message as one line."""
    return UNSAFE.sub(lambda found: _picture(found[0]), text)


def quote(text: str) -> str:
    """Like `repr`, but characters that are newer than Python's tables of Unicode stay."""
    mark = repr(text)[0]
    return mark + "".join(_escape(character, mark) for character in text) + mark


def json_text(value: object) -> str:
    """One line of JSON, with unsafe characters escaped: the same value, safe to show."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _escape(character: str, mark: str) -> str:
    if character == mark:
        return f"\\{mark}"
    return character if unicodedata.category(character) == "Cn" else repr(character)[1:-1]


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else f"<U+{code:04X}>"
