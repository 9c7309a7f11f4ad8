r"""Escapes in text typed on a command line, where a line break is hard to type.

\n line break   \t tab   \r carriage return   \0 NUL   \\ one backslash   \xHH \uXXXX \UXXXXXXXX a code point

A backslash before anything else stays: `\section` is `\section`. To mean a backslash before one of the letters above,
type it twice: `\\newline`.
"""

import re

CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\"}
ESCAPE = re.compile(r"\\(?:([ntr\\]|0(?![0-9]))|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")


def unescape(text: str) -> str:
    """Replace escapes. One that names no character (a surrogate, or beyond U+10FFFF) stays as typed."""
    return ESCAPE.sub(_replacement, text)


def _replacement(escape: re.Match[str]) -> str:
    if control := escape[1]:
        return CONTROLS[control]
    code_point = int(escape[2] or escape[3] or escape[4], 16)
    is_character = code_point <= 0x10FFFF and not 0xD800 <= code_point <= 0xDFFF
    return chr(code_point) if is_character else escape[0]
