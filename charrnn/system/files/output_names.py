"""The names of files that are written."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from charrnn.errors import OutputError
from charrnn.package import BUILTIN, MODEL, shipped
from charrnn.words import parameter

SHIPPED = ("corpora", "configs")  # the folders that ship with the program
CONFIG = "config.yaml"  # beside a checkpoint in its run directory


def require_ending(path: Path, endings: tuple[str, ...], writes: str, hint: str = "") -> None:
    """Raises OutputError for a name whose ending promises another format; `writes` says which one is written, and the
    message proposes the first ending and adds the `hint`; and for one that ships with the program.
    """
    refuse_shipped(path)
    if path.suffix.lower() not in endings:
        better = path.with_suffix(endings[0]) if path.suffix else f"{path}{endings[0]}"
        raise OutputError(f"{path}: {writes}; name it {better}{hint}")


def default_name(run: Path) -> str:
    """What a file that is made from a run is called, without its ending: the run's name, or that of a checkpoint
    outside a run directory.

    >>> default_name(Path("runs/play")), default_name(Path("builtin:english"))
    ('play', 'english')
    """
    if str(run).startswith(BUILTIN):
        return str(run).removeprefix(BUILTIN)
    path = run.resolve()
    if path.suffix != MODEL:
        return path.name
    return path.parent.name if (path.parent / CONFIG).is_file() else path.stem


def refuse_shipped(path: Path) -> None:
    """Raises OutputError for a file or a folder that ships with the program, or in such a folder, by whatever links."""
    if str(path).startswith(BUILTIN) or _is_shipped(path):
        raise OutputError(
            f"{path}: ships with charrnn, which writes nothing there; name another place with {parameter('out')}"
        )


def _is_shipped(path: Path) -> bool:
    found = {_identity(each) for name in SHIPPED for each in (shipped(name), *shipped(name).glob("*"))}
    return any(_identity(each) in found - {None} for each in _places(path))


def _places(path: Path) -> Iterator[Path]:
    """A path with the folders above it, and what it leads to with those above that."""
    with suppress(OSError, RuntimeError, ValueError):  # links in a circle; a NUL in the name
        folder = path.absolute().parent.resolve()
        yield from (folder, *folder.parents)
        target = path.resolve()
        yield from (target, *target.parents)


def _identity(path: Path) -> tuple[int, int] | None:
    """The same for all names of a file, whatever their spelling; of nothing it is None."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
