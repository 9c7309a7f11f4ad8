"""What was probably meant by the name of a text that does not exist: for the end of a message."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from charrnn.words import nearest, shell_word

WEB_ADDRESS = re.compile(r"(https?|ftp)://|www\.", re.IGNORECASE)
FILE_ADDRESS = "file://"
MAX_WORDS = 12  # of a name that may have been typed without quotes


def hint(source: str, sources: Sequence[str], builtin: Sequence[str]) -> str:
    """A hint for the message that a source is missing. `sources`: all that were named with it, in their order.
    `builtin`: the names of the built-in texts.
    """
    if WEB_ADDRESS.match(source):
        return f"; a web address: download it first: curl -LO {shell_word(source)}"
    if source.lower().startswith(FILE_ADDRESS):
        return f"; name its path: {shell_word(source[len(FILE_ADDRESS) :])}"
    if whole := _unquoted(source, sources):
        return f"; for one text whose name has blanks, quote it: {shell_word(whole)}"
    path = Path(source)
    if not path.parent.is_dir():
        return f" (there is no folder {path.parent})"
    if source in builtin and not _with_ending(path):
        return f"; did you mean builtin:{source}?"
    if (close := _with_ending(path)) or (close := _nearest(path)):
        return f"; did you mean {shell_word(str(close))}?"
    return f" (the folder {path.parent.resolve()} exists)"


def existing(source: str, sources: Sequence[str]) -> str | None:
    """The file that was meant by a name without its ending, or without the quotes around it and its neighbours."""
    found = _unquoted(source, sources) or _with_ending(Path(source))
    return str(found) if found else None


def _unquoted(source: str, sources: Sequence[str]) -> str | None:
    """The existing file or folder that this name and its neighbours make, with a blank between them."""
    for at in (index for index, other in enumerate(sources) if other == source):
        for first in range(max(0, at - MAX_WORDS), at + 1):
            for end in range(max(first + 2, at + 1), min(len(sources), first + MAX_WORDS) + 1):
                path = Path(" ".join(sources[first:end]))
                if path.exists():
                    return str(path)
                if found := _with_ending(path):
                    return str(found)
    return None


def _with_ending(path: Path) -> Path | None:
    """A file of this name with an ending, .txt before others."""
    found = [path.parent / name for name in _names(path.parent) if os.path.splitext(name)[0] == path.name != name]
    return min((file for file in found if file.is_file()), key=lambda file: file.suffix != ".txt", default=None)


def _nearest(path: Path) -> Path | None:
    """The file with a name like this one, of the same ending before others; endings alone are not alike."""
    names = sorted(_names(path.parent), key=lambda name: Path(name).suffix == path.suffix)
    by_stem = {Path(name).stem: name for name in names}
    close = nearest(path.stem, by_stem)
    return path.parent / by_stem[close] if close else None


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
