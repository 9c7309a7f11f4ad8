r"""Text typed on a command line, where a line break is hard to type: `\n` stands for it.

\n line break   \t tab   \r carriage return   \0 NUL   \\ one backslash   \xHH \uXXXX \UXXXXXXXX the character of that code point

A backslash before anything else stays as it was typed: `\section` is `\section`. Where one of the letters above follows a
backslash that is meant, type it twice: `\\newline`.
"""

import re

CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\"}
ESCAPE = re.compile(r"\\(?:([ntr\\]|0(?![0-9]))|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")


def unescape(text: str) -> str:
    """The text that was meant: what is no escape, or names no character (a surrogate, beyond U+10FFFF), is left as typed."""
    return ESCAPE.sub(_replacement, text)


def _replacement(escape: re.Match[str]) -> str:
    if control := escape[1]:
        return CONTROLS[control]
    code_point = int(escape[2] or escape[3] or escape[4], 16)
    is_character = code_point <= 0x10FFFF and not 0xD800 <= code_point <= 0xDFFF
    return chr(code_point) if is_character else escape[0]
