"""Which encoding a file is in: from its byte order mark, from what the user names, and from the look of its bytes.

UTF-8 needs no name, nor do UTF-16 and UTF-32 with a byte order mark. Any other encoding is named: NAME for all files,
or FILE=NAME for some.
"""

import codecs
import fnmatch
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from charrnn.errors import TextError

UTF_8 = "utf-8"
MARKS = {  # UTF-32 first: its mark begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: UTF_8,
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
MAX_NAMES_SHOWN = 5  # names of files in a message
MAX_MARK_BYTES = max(map(len, MARKS))  # bytes
UNMARKED = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
NOT_IN_PIECES = {"punycode", "idna", "unicode-escape", "raw-unicode-escape"}  # Python decodes these only as a whole
ENCODING_NAME = re.compile(r"[\w .:+-]+", re.ASCII)  # Python itself takes '"cp1252"' and 'cp1252]' for cp1252
JAPANESE = "iso-2022-jp"  # all of its bytes are ASCII
JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@")
NOT_TEXT = ("Cc", "Cn", "Co", "Cs")  # Unicode categories: controls, unassigned, private, surrogates
BLANKS = "\t\n\r\f"
FEW = 20  # one NUL in this many characters or more is a slip in a text
MIN_UNITS = 16  # UTF-16 without an ASCII character is recognised from this many units on


@dataclass(frozen=True)
class Encodings:
    """The encoding of all files, and those of single files as pairs (FILE, NAME).

    FILE is a path, the end of a path (`notes.txt`, `old/notes.txt`), or a pattern (`*.log`).
    """

    name: str = UTF_8
    by_file: tuple[tuple[str, str], ...] = ()
    may_be_absent: bool = False  # a FILE that is not among the files is no error
    likely: tuple[str, ...] = ()  # messages propose these first: those of the training text
    by_nuls_alone: bool = False  # a folder gives every file without a NUL, as it did for the first runs of charrnn 0.1

    @classmethod
    def parse(cls, entries: Sequence[str]) -> "Encodings":
        """From NAME and FILE=NAME, as typed; the last one wins. Raises TextError for an unknown encoding."""
        name, by_file = UTF_8, []
        for entry in entries:
            file, equals, encoding = entry.rpartition("=")
            try:
                require_encoding(encoding)
            except TextError as error:
                raise TextError(f"{entry}: {error}") from None
            if equals and not file:
                raise TextError(f"{entry!r}: names no file; write FILE=NAME, for example notes.txt=cp1252")
            if equals:
                by_file.append((file, encoding))
            else:
                name = encoding
        return cls(name, tuple(reversed(by_file)))

    @property
    def is_default(self) -> bool:
        """Whether no encoding is named: all files are UTF-8."""
        return self.name == UTF_8 and not self.by_file

    @property
    def names(self) -> tuple[str, ...]:
        """All encodings, each once."""
        return tuple(dict.fromkeys([self.name, *(name for _, name in self.by_file)]))

    def encoding_for(self, path: str) -> str:
        """The encoding of a file that has no byte order mark."""
        return self.named_for(path) or self.name

    def named_for(self, path: str) -> str | None:
        """The encoding that FILE=NAME gives a file: it is a text then, whatever its first bytes look like. None without
        one.
        """
        return next((name for file, name in self.by_file if _is(path, file)), None)

    def require_files(self, paths: Sequence[str]) -> None:
        """Raises TextError for a FILE that means none of the paths."""
        for file, name in self.by_file:
            if not self.may_be_absent and not any(_is(path, file) for path in paths):
                shown = ", ".join(paths[:MAX_NAMES_SHOWN]) + (", ..." if len(paths) > MAX_NAMES_SHOWN else "")
                raise TextError(f"encoding {file}={name}: no text has this file name; the texts are {shown}")


def absolute_entry(entry: str) -> str:
    """NAME, or FILE=NAME with a FILE that means the same from any folder."""
    file, equals, name = entry.rpartition("=")
    return f"{os.path.abspath(file)}={name}" if equals and ".." in PurePath(file).parts else entry


def require_encoding(name: str) -> None:
    """Raises TextError for a name that is not an encoding of texts."""
    try:
        if not ENCODING_NAME.fullmatch(name):
            raise LookupError
        "".encode(name)
        if codecs.lookup(name).name in NOT_IN_PIECES:
            raise LookupError
    except (LookupError, ValueError):
        raise TextError("not an encoding of texts that Python knows (try utf-8, latin-1, cp1252, utf-16)") from None


def detect_by_mark(head: bytes) -> str | None:
    """The encoding that the byte order mark at the beginning names; None without one."""
    return next((name for mark, name in MARKS.items() if head.startswith(mark)), None)


def family(name: str) -> str:
    """UTF-16 or UTF-32 without the order of its bytes; any other encoding itself."""
    return name.removesuffix("-le").removesuffix("-be")


def choose_encoding(head: bytes, named: str) -> str:
    """The encoding of a file with these first bytes: its byte order mark counts more than the encoding that was named."""
    mark, name = detect_by_mark(head), codecs.lookup(named).name
    agree = mark is None or name in (mark, family(mark)) or (mark == UTF_8 and is_utf_8(named))
    return named if agree else str(mark)


def detect_by_pattern(head: bytes) -> str | None:
    """UTF-16 or UTF-32 with its byte order, recognised by its bytes without a mark; None for anything else."""
    if is_text_with_nuls(head):
        return None
    return next((name for name in UNMARKED if _looks_like(head, name)), None)


def detect_by_escapes(head: bytes) -> str | None:
    """An encoding whose bytes are all ASCII, recognised by its escape sequences; None for anything else."""
    has_escapes = any(escape in head for escape in JAPANESE_ESCAPES)
    text = decode_head(head, JAPANESE) if has_escapes else None
    return None if text is None or text.isascii() else JAPANESE


def decode_head(head: bytes, name: str) -> str | None:
    """The characters of a file's first bytes, which may end within one; None if they are not in this encoding."""
    try:
        return codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeError:
        return None


def is_plausible(head: bytes, name: str) -> bool:
    """Whether bytes with a byte order mark are a text, and not a binary file that happens to begin with one."""
    return _is_mostly_text(head.decode(name, "replace"))


def is_text_with_nuls(head: bytes) -> bool:
    """Whether the bytes are UTF-8, with few NULs or none."""
    text = decode_head(head, UTF_8)
    if text is None:
        return False
    controls = sum(unicodedata.category(c) == "Cc" and c not in BLANKS for c in text)
    return controls == text.count("\0") and controls * FEW <= len(text)


def is_wide(name: str) -> bool:
    """Whether a text in this encoding has NUL bytes."""
    return codecs.lookup(name).name.startswith(("utf-16", "utf-32"))


def needs_mark(name: str) -> bool:
    """Whether a text in this encoding begins with a byte order mark."""
    return codecs.lookup(name).name in ("utf-16", "utf-32")


def is_utf_8(name: str) -> bool:
    """Whether this names UTF-8, with or without a byte order mark."""
    return codecs.lookup(name).name in (UTF_8, "utf-8-sig")


def _is(path: str, file: str) -> bool:
    """Whether FILE means this path: its names, or patterns of names, match from the right."""
    ours = unicodedata.normalize("NFC", path)
    asked = unicodedata.normalize("NFC", os.path.normpath(file))
    if ".." in PurePath(asked).parts:
        asked = os.path.abspath(asked)
    if PurePath(asked).is_absolute():
        ours = os.path.abspath(ours)
    names, wanted = PurePath(ours).parts, PurePath(asked).parts
    end = names[-len(wanted) :]
    if len(end) < len(wanted) or (PurePath(asked).is_absolute() and len(names) != len(wanted)):
        return False
    return all(name == want or fnmatch.fnmatchcase(name, want) for name, want in zip(end, wanted, strict=True))


def _is_mostly_text(text: str) -> bool:
    """Whether nearly all characters are of kinds that texts have, as this Python knows them."""
    odd = sum(c == "\ufffd" or (unicodedata.category(c) in NOT_TEXT and c not in BLANKS) for c in text)
    return bool(text) and odd * FEW <= len(text)


def _looks_like(head: bytes, name: str) -> bool:
    """Whether the bytes read as text in an encoding of 2 or 4 bytes to the unit; a NUL or half of a surrogate pair may
    be among them.
    """
    width = 4 if name.startswith("utf-32") else 2
    data = head[: len(head) - len(head) % width]
    text = codecs.getincrementaldecoder(name)("replace").decode(data)
    if not _is_mostly_text(text) or any(unicodedata.category(c) == "Cc" and c not in f"{BLANKS}\0" for c in text):
        return False
    if width == 4:
        return True
    # In UTF-16, unlike in other bytes, the high ones have fewer different values than the low ones.
    high_first = name.endswith("be")
    high, low = len(set(data[not high_first :: 2])), len(set(data[high_first::2]))
    return high < low if b"\0" in data else len(data) >= 2 * MIN_UNITS and 2 * high <= low
