"""Check the sources that a checkpoint names before they are read: a stranger may have written it.

A name alone could lead over a whole disk, or to a file that never ends. So a folder or pattern may hold MAX_ENTRIES
files, a file may be as large as the text was, and nothing else is read. Nothing is opened here. What a person names on
the command line is read whatever it is.
"""

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from charrnn.errors import TextError
from charrnn.system.files.plain_files import require_plain
from charrnn.system.platform_features import ENTRIES_KNOW_THEIR_DISK, is_on_disk

MAX_ENTRIES = 100_000  # files and folders below all sources together
BYTES_PER_CHARACTER = 8  # at most: CRLF in UTF-32, read as one character
ALWAYS_ALLOWED_BYTES = 1 << 20  # a file of this size is never too large
ENDLESS = 1 << 30  # levels of folders


def require_modest(sources: Sequence[str], characters: int | None) -> None:
    """Raises TextError for sources that cannot be a text of this many characters (None: any number).

    A missing source passes: reading it will report that.
    """
    remaining = MAX_ENTRIES
    for source in sources:
        if source == "-" or source.startswith("builtin:"):
            continue
        try:
            remaining -= _entries(source, characters, remaining)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise TextError(f"{source}: {reason}") from None


def _entries(source: str, characters: int | None, limit: int) -> int:
    """How many files and folders a source has, at most `limit`. Raises TextError, OSError and ValueError."""
    path = Path(source)
    if path.is_dir():
        return _count(source, path, limit, ENDLESS)
    if path.exists():
        require_plain(path)
        _require_disk(source, path)
        size = path.stat().st_size
        if characters is not None and size > max(ALWAYS_ALLOWED_BYTES, BYTES_PER_CHARACTER * characters):
            raise TextError(f"{source}: {size:,} bytes; the text had {characters:,} characters")
        return 1
    if not glob.has_magic(source):
        return 1
    fixed = next(number for number, part in enumerate(path.parts) if glob.has_magic(part))
    root, pattern = Path(*path.parts[:fixed]), path.parts[fixed:]
    return _count(source, root, limit, ENDLESS if "**" in pattern else len(pattern), links=False)


def _count(source: str, root: Path, limit: int, levels: int, links: bool = True) -> int:
    """Count files and folders below a folder. `links`: links to folders are skipped, as when the folder is read; else
    refused.
    """
    if not root.is_dir():
        return 1
    _require_disk(source, root)
    device, found, waiting = root.stat().st_dev, 0, [(root, 1)]
    while waiting:
        folder, level = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                found += 1
                if found > limit:
                    raise TextError(f"{source}: more than {MAX_ENTRIES:,} files and folders")
                if level >= levels or entry.name.startswith(".") or not entry.is_dir():
                    continue
                if entry.is_symlink():
                    if not links:
                        raise TextError(f"{source}: {entry.path} is a link to a folder")
                    continue
                if ENTRIES_KNOW_THEIR_DISK and entry.stat().st_dev != device:
                    raise TextError(f"{source}: {entry.path} is on another disk")
                waiting.append((Path(entry.path), level + 1))
    return found


def _require_disk(source: str, path: Path) -> None:
    """Raises TextError for file systems that are not on a disk (/proc, /sys), where reading may wait for ever."""
    if not is_on_disk(path):
        raise TextError(f"{source}: not on a disk")
