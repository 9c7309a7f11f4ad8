"""Where the text of a run is, seen from the run: both are found again after they moved together.

A checkpoint has the absolute names of its sources, and in its metadata where its run was, seen from the folder that
holds them all: the run's parent folder, such as `runs`. Together they give the way from one to the other. Older
versions of charrnn do not read this entry, and are not disturbed by it.
"""

import glob
import ntpath
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath, PureWindowsPath
from types import ModuleType

from charrnn.text.reading.missing import WINDOWS_PATH
from charrnn.text.reading.sources import BUILTIN

RUN_PARENT = "run_parent"  # the metadata entry


def parent_from_text(sources: Sequence[str], run: Path) -> str | None:
    """The folder of a run directory, seen from the folder that holds all sources, given by their absolute names.

    None if no source is a file, if there is no way, as between two drives of Windows, or if UTF-8 cannot encode it.

    >>> parent_from_text(["/home/june/play.txt"], Path("/home/june/runs/play"))
    'runs'
    """
    folder = _common_folder(sources)
    if folder is None:
        return None
    try:
        way = Path(os.path.relpath(os.path.dirname(os.path.abspath(run)), folder)).as_posix()
        way.encode()
    except ValueError:
        return None
    return way


def text_name(sources: Sequence[str]) -> str:
    """A short name for the sources of a text.

    >>> text_name(["/home/june/letters/1.txt", "/home/june/letters/2.txt"])
    '1.txt and 1 more'
    """
    if not sources:
        return ""
    first = "standard input" if sources[0] == "-" else os.path.basename(sources[0].rstrip("/\\")) or sources[0]
    return first if len(sources) == 1 else f"{first} and {len(sources) - 1:,} more"


def moved_sources(sources: Sequence[str], parent: str | None, run: Path) -> Iterator[tuple[str, ...]]:
    """Where the sources are if they moved together with their run directory, which is at `run` now; nothing if they did
    not move. A source that is not there keeps its name. Where a link leads to `run`, both of its places count. A run may
    have been made on Windows, and be read elsewhere.
    """
    try:
        folder = _common_folder(sources)
        if parent is None or folder is None:
            return
        before = _paths(sources).normpath(_paths(sources).join(folder, parent))
        for place in dict.fromkeys((os.path.abspath(run), os.path.realpath(run))):
            now = os.path.dirname(place)
            if os.path.realpath(now) != os.path.realpath(before):
                yield tuple(_moved(source, before, now) for source in sources)
    except (OSError, ValueError):  # a stranger's checkpoint may name anything
        return


def _common_folder(sources: Sequence[str]) -> str | None:
    folders = [_folder(source) for source in sources if _is_file_name(source)]
    try:
        return _paths(sources).commonpath(folders) if folders else None
    except ValueError:  # two drives
        return None


def _is_file_name(source: str) -> bool:
    return source != "-" and not source.startswith(BUILTIN)


def _folder(source: str) -> str:
    """The folder that holds a source, or of a pattern the one in which it begins."""
    path = _path(source)
    return str(next((parent for parent in reversed(path.parents) if glob.has_magic(parent.name)), path).parent)


def _paths(sources: Sequence[str]) -> ModuleType:
    """The module for the paths of the system where the sources were named."""
    return ntpath if any(map(WINDOWS_PATH.match, sources)) else os.path


def _path(source: str) -> PurePath:
    return PureWindowsPath(source) if WINDOWS_PATH.match(source) else Path(source)


def _moved(source: str, before: str, now: str) -> str:
    if not _is_file_name(source):
        return source
    folder = _folder(source)
    rest = _path(source).relative_to(folder)  # normpath would take a/*/.. for a
    paths = _paths([source])
    way = paths.relpath(folder, before).split(paths.sep)
    path = os.path.join(os.path.normpath(os.path.join(now, *way)), *rest.parts)
    return path if os.path.exists(path) or glob.has_magic(source) else source
