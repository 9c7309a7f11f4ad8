"""Where a text comes from: files, folders, globs, standard input, compressed files, built-in texts.

A source is named as on the command line. `gather` turns names into documents: a name for messages, and bytes that can be
read, piece by piece, as often as is wanted.
"""

import difflib
import glob
import io
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from charrnn.errors import TextError
from charrnn.text import cache
from charrnn.text.files import DAMAGED, MAX_EXPANSION, TextFile, begins_with

RUN_FILES = {"config.yaml", "last.safetensors"}  # what a training wrote is not what the next should read
PIECE = 1 << 20  # bytes read at once
SPOOLED = 1 << 25  # bytes of standard input; more are kept in a file
BINARY_PROBE = 8192  # bytes looked at before a file in a folder counts as text
DEFAULT_SOURCE = "builtin:harbour"
STANDARD_INPUT = "standard input"


class Readable(Protocol):
    """What gives bytes, none at its end."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Document:
    """One source: its name for messages, what was asked for when it was found, and a way to open it."""

    name: str
    open: Callable[[], AbstractContextManager[Readable]]
    source: str = ""

    @classmethod
    def of_bytes(cls, name: str, data: bytes) -> "Document":
        """A document that is in memory."""
        return cls(name, lambda: io.BytesIO(data), name)

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, decompressed. Raises TextError where they cannot be read."""
        try:
            with self.open() as file:
                while piece := file.read(PIECE):
                    yield piece
        except DAMAGED as error:
            raise TextError(f"{self.name}: a damaged {Path(self.name).suffix} file: {error}") from None
        except OSError as error:  # bz2 says "Invalid data stream" this way, without an errno
            reason = error.strerror or f"a damaged {Path(self.name).suffix} file: {error}"
            raise TextError(f"{self.name}: cannot be read: {reason}") from None


def gather(
    sources: Sequence[str], binary: bool = False, max_expansion: float = MAX_EXPANSION, once: bool = False
) -> list[Document]:
    """Find every source, in the order given; a folder or a glob gives its files sorted by path.

    In a folder, files that hold a NUL are left out, unless `binary`: for raw bytes and for UTF-16 or 32 they are text. A
    compressed file may hold `max_expansion` times its own size. `once`: standard input need not be kept for a second
    reading; it is read as it comes.

    Raises TextError for a source that is missing.
    """
    sources = sources or [DEFAULT_SOURCE]
    return [document for source in sources for document in _documents(source, binary, max_expansion, once)]


def standard_input() -> IO[bytes]:
    """Its bytes. Raises TextError where there is none."""
    if sys.stdin is None:
        raise TextError("standard input is closed")
    return sys.stdin.buffer


def builtin_names() -> list[str]:
    """The names that `builtin:NAME` accepts."""
    return sorted({path.stem for path in shipped("corpora").glob("*.txt")} | {"python"})


def shipped(folder: str) -> Path:
    """A folder that travels with the program: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parents[1]
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder


def _documents(source: str, binary: bool, max_expansion: float, once: bool) -> Iterator[Document]:
    if source == "-":
        yield _live() if once else _spooled()
    elif source.startswith("builtin:"):
        yield from _builtin(source)
    else:
        yield from (_file(path, source, max_expansion) for path in _paths(source, binary))


def _builtin(source: str) -> Iterator[Document]:
    name = source.removeprefix("builtin:")
    if name == "python":
        yield from _standard_library()
    elif name in builtin_names():
        yield _file(shipped("corpora") / f"{name}.txt", source)
    else:
        known = ", ".join(f"builtin:{known}" for known in builtin_names())
        raise TextError(f"{source}: no such built-in text; there are {known}")


def _standard_library() -> Iterator[Document]:
    """The sources of the running Python's standard library, those that are UTF-8 (its tests hold some that are not)."""
    root = Path(sysconfig.get_paths()["stdlib"])
    paths = [path for path in sorted(root.rglob("*.py")) if "site-packages" not in path.parts]
    if not paths:
        raise TextError(f"builtin:python: no Python sources under {root}; name a folder that has some")
    for path in paths:
        if _is_utf_8_text(path.read_bytes()):
            yield _file(path, "builtin:python")


def _is_utf_8_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def _paths(source: str, binary: bool) -> list[Path]:
    if not source:
        raise TextError("'' is not a file name; name a text, or leave it out for the built-in one")
    path = Path(source)
    try:
        if path.is_dir():
            return _folder(path, binary)
        if path.is_file():
            return [path]
        if path.exists():
            raise TextError(f"{source}: not a regular file; to read from a pipe, use - and standard input")
    except OSError as error:
        raise TextError(f"{source}: cannot be read: {error.strerror or error}") from None
    except ValueError:  # a NUL in the name
        raise TextError(f"{source!r}: not a file name") from None
    if glob.has_magic(source):
        found = sorted(Path(name) for name in glob.glob(source, recursive=True) if os.path.isfile(name))
        if found:
            return found
        raise TextError(f"{source}: no file matches this pattern in {Path.cwd()}")
    raise TextError(f"{source}: no such file or folder{_nearest(path)}")


def _nearest(path: Path) -> str:
    try:
        names = sorted(os.listdir(path.parent))
    except OSError:
        return f" (nor is there a folder {path.parent})"
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {path.parent / close[0]}?" if close else f" (the folder {path.parent.resolve()} exists)"


def _folder(root: Path, binary: bool) -> list[Path]:
    """The text files below a folder, sorted: hidden and binary ones and run directories left out, links to folders not followed."""
    found = []
    for folder, subfolders, names in os.walk(root):
        if RUN_FILES <= set(names):
            subfolders.clear()
            continue
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        candidates = [Path(folder, name) for name in sorted(names) if not name.startswith(".")]
        found += [path for path in candidates if path.is_file() and (binary or _is_text(path))]
    if not found:
        raise TextError(f"{root}: this folder holds no text file")
    return found


def _is_text(path: Path) -> bool:
    try:
        return b"\0" not in begins_with(path, BINARY_PROBE)
    except DAMAGED:
        return True  # reading it will say what is wrong
    except OSError as error:
        raise TextError(f"{path}: cannot be read: {error.strerror or error}") from None


def _file(path: Path, source: str, max_expansion: float = MAX_EXPANSION) -> Document:
    return Document(str(path), lambda: TextFile(path, max_expansion), source)


class _Live:
    """Standard input, of which each read gives what has come so far, and waits only where there is nothing."""

    def __init__(self) -> None:
        self._given = standard_input()

    def read(self, size: int) -> bytes:
        return self._given.read1(size) if isinstance(self._given, io.BufferedReader) else self._given.read(size)


def _live() -> Document:
    return Document(STANDARD_INPUT, lambda: nullcontext(_Live()), STANDARD_INPUT)


def _spooled() -> Document:
    """Standard input, which can be read but once, kept: in memory while it is short, then in a nameless file.

    Raises TextError where that file cannot be written.
    """
    name, given = STANDARD_INPUT, standard_input()
    beginning, kept = given.read(SPOOLED), f"standard input of more than {SPOOLED >> 20} MiB"
    if len(beginning) < SPOOLED:
        return Document.of_bytes(name, beginning)
    place = cache.made_folder(kept)
    try:
        spool = tempfile.TemporaryFile(dir=place)  # noqa: SIM115 (open as long as the document)
        spool.write(beginning)
        shutil.copyfileobj(given, spool, PIECE)
    except OSError as error:
        raise cache.not_written(kept, error) from None

    def rewound() -> AbstractContextManager[Readable]:
        spool.seek(0)
        return nullcontext(spool)

    return Document(name, rewound, name)
