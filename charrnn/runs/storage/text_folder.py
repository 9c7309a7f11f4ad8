"""Where the text of a run is, seen from its run directory: both are found again after they moved together.

A checkpoint has the absolute names of its sources, and in its metadata the way from the run directory to the folder
that holds them all, such as `../..`. Older versions of charrnn do not read this entry, and are not disturbed by it.
"""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from charrnn.text.reading.sources import BUILTIN

TEXT_FOLDER = "text_folder"  # the metadata entry


def way_to_sources(sources: Sequence[str], run: Path) -> str | None:
    """The way from a run directory to the folder that holds all sources, given by their absolute names.

    None if no source is a file, or if there is no way, as between two drives of Windows.

    >>> way_to_sources(["/home/june/play.txt"], Path("/home/june/runs/play"))
    '../..'
    """
    folder = _common_folder(sources)
    if folder is None:
        return None
    try:
        return Path(os.path.relpath(folder, run)).as_posix()
    except ValueError:
        return None


def moved_sources(sources: Sequence[str], way: str | None, run: Path) -> Iterator[tuple[str, ...]]:
    """Where the sources are if they moved together with their run directory, which is at `run` now; nothing if they did
    not move. A source that is not there keeps its name. Where a link leads to `run`, both of its places count.
    """
    try:
        before = _common_folder(sources)
        if way is None or before is None:
            return
        for base in dict.fromkeys((os.path.abspath(run), os.path.realpath(run))):
            now = os.path.normpath(os.path.join(base, way))
            if os.path.realpath(now) != os.path.realpath(before):
                yield tuple(_moved(source, before, now) for source in sources)
    except (OSError, ValueError):  # a stranger's checkpoint may name anything
        return


def _common_folder(sources: Sequence[str]) -> str | None:
    folders = [_folder(source) for source in sources if _is_file_name(source)]
    try:
        return os.path.commonpath(folders) if folders else None
    except ValueError:  # two drives
        return None


def _is_file_name(source: str) -> bool:
    return source != "-" and not source.startswith(BUILTIN)


def _folder(source: str) -> str:
    """The folder that holds a source, or of a pattern the one in which it begins."""
    path = Path(source)
    return str(next((parent for parent in reversed(path.parents) if glob.has_magic(parent.name)), path).parent)


def _moved(source: str, before: str, now: str) -> str:
    if not _is_file_name(source):
        return source
    path = os.path.join(now, Path(source).relative_to(before))
    return path if os.path.exists(path) or glob.has_magic(source) else source
