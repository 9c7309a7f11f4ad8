"""The name of a run, made from the name of its text: a valid folder name on every system.

It keeps letters, digits and `_` of every script, with their marks, and replaces everything between them by one `-`. It
drops the ending of a file: `Vol. 2 - The Sea.txt.gz` becomes `Vol-2-The-Sea`.
"""

import glob
import os
import re
import unicodedata
from pathlib import Path

from charrnn.text.reading.sources import BUILTIN, literal_part
from charrnn.text.reading.text_file import OPENERS

ENDING = re.compile(r"\.([a-z][a-z0-9]{0,8}|[A-Z][A-Z0-9]{0,8})")  # but not the ending of St.Ives or of version 1.2
KEPT_CATEGORIES = "LNM"  # first letters of Unicode categories: letters, numbers, marks
MAX_NAME_BYTES = 120  # of UTF-8; a file name has at most 255, with what is added to it
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)  # by Windows


def run_name(source: str) -> str:
    """The name of a run on a source, which is named as on the command line."""
    if source == "-":
        return "stdin"
    if source.startswith(BUILTIN):
        return _safe(source.removeprefix(BUILTIN))
    path = Path(source)
    if glob.has_magic(source) and not os.path.exists(source):
        return _safe(Path(literal_part(source)[0]).name)
    return _safe(path.name if os.path.isdir(path) else _without_ending(path))


def _without_ending(path: Path) -> str:
    """The name of a file without .gz or the like, and without one more ending."""
    if path.suffix.lower() in OPENERS:
        path = path.with_suffix("")
    return path.stem if ENDING.fullmatch(path.suffix) else path.name


def _safe(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    kept = ""
    for c in composed:
        # for example the mark that turns a sign into an emoji
        is_alone = unicodedata.category(c)[0] == "M" and kept[-1:] in ("", "-")
        kept += c if (unicodedata.category(c)[0] in KEPT_CATEGORIES or c == "_") and not is_alone else "-"
    short = _cut(re.sub("-+", "-", kept).strip("-")).strip("-") or "run"
    return f"{short}-text" if RESERVED.fullmatch(short) else short


def _cut(name: str) -> str:
    """The beginning of a name, at most MAX_NAME_BYTES long; no letter loses its marks."""
    size = 0
    for end, character in enumerate(name):
        size += len(character.encode())
        if size > MAX_NAME_BYTES:
            while end > 1 and unicodedata.category(name[end])[0] == "M":
                end -= 1
            return name[:end]
    return name
