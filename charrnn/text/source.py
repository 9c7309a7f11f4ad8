"""Where a text comes from: files, folders, globs, standard input, compressed files, built-in texts.

A source is named as on the command line. `gather` turns names into documents (a name and its bytes);
`decode` turns a document into characters, and says exactly where a byte does not fit.
"""

import bz2
import codecs
import difflib
import glob
import gzip
import lzma
import os
import sys
import sysconfig
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.errors import TextError

OPENERS: dict[str, Callable[[Path], bytes]] = {
    ".gz": lambda path: gzip.decompress(path.read_bytes()),
    ".bz2": lambda path: bz2.decompress(path.read_bytes()),
    ".xz": lambda path: lzma.decompress(path.read_bytes()),
}
PROBES: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
DAMAGED = (EOFError, ValueError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
RUN_FILES = {"config.yaml", "last.safetensors"}  # what a training wrote is not what the next should read
BINARY_PROBE = 8192  # bytes looked at before a file in a folder counts as text
DEFAULT_SOURCE = "builtin:harbour"


@dataclass(frozen=True)
class Document:
    """One source as it was read: its name for messages, and its bytes, decompressed."""

    name: str
    data: bytes


def gather(sources: Sequence[str], binary: bool = False) -> list[Document]:
    """Read every source, in the order given; a folder or a glob gives its files sorted by path.

    In a folder, files that hold a NUL are left out, unless `binary`: for raw bytes and for UTF-16 or 32 they are text.

    Raises TextError for a source that is missing, unreadable, or holds no text.
    """
    return [document for source in sources or [DEFAULT_SOURCE] for document in _documents(source, binary)]


def decode(document: Document, encoding: str = "utf-8") -> str:
    """The document's characters: a byte order mark dropped, CRLF turned into LF.

    Raises TextError with the byte offset and the line of the first byte that is not `encoding`,
    and for a binary file (one that holds a NUL character).
    """
    name, data = document.name, document.data
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\0" in data[:BINARY_PROBE]:
            raise _binary(name, data) from None
        line = data.count(b"\n", 0, error.start) + 1
        found = data[error.start : error.start + 1].hex()
        raise TextError(
            f"{name}: byte 0x{found} at offset {error.start:,} (line {line:,}) is not {encoding}: {error.reason}; "
            "say what it is with -s data.encoding=NAME (for example latin-1, cp1252, utf-16), "
            "or read it as bytes with -s data.unit=byte"
        ) from None
    except UnicodeError as error:  # UTF-16 and UTF-32 complain of a missing mark this way
        raise TextError(f"{name}: cannot be read as {encoding}: {error}") from None
    if "\0" in text:
        raise _binary(name, data)
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def standard_input() -> bytes:
    """All of it. Raises TextError where there is none."""
    if sys.stdin is None:
        raise TextError("standard input is closed")
    return sys.stdin.buffer.read()


def builtin_names() -> list[str]:
    """The names that `builtin:NAME` accepts."""
    return sorted({path.stem for path in shipped("corpora").glob("*.txt")} | {"python"})


def shipped(folder: str) -> Path:
    """A folder that travels with the program: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parents[1]
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder


def _documents(source: str, binary: bool) -> Iterator[Document]:
    if source == "-":
        yield from _non_empty([Document("standard input", standard_input())], "standard input")
    elif source.startswith("builtin:"):
        yield from _builtin(source)
    else:
        yield from _non_empty([_read(path) for path in _paths(source, binary)], source)


def _builtin(source: str) -> Iterator[Document]:
    name = source.removeprefix("builtin:")
    if name == "python":
        yield from _standard_library()
    elif name in builtin_names():
        yield _read(shipped("corpora") / f"{name}.txt")
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
        document = Document(str(path), path.read_bytes())
        try:
            decode(document)
        except TextError:
            continue
        yield document


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
        with PROBES.get(path.suffix.lower(), open)(path, "rb") as file:
            return b"\0" not in file.read(BINARY_PROBE)
    except DAMAGED:
        return True  # reading it will say what is wrong
    except OSError as error:
        raise TextError(f"{path}: cannot be read: {error.strerror or error}") from None


def _read(path: Path) -> Document:
    opener = OPENERS.get(path.suffix.lower(), Path.read_bytes)
    try:
        return Document(str(path), opener(path))
    except DAMAGED as error:
        raise TextError(f"{path}: a damaged {path.suffix} file: {error}") from None
    except OSError as error:  # bz2 says "Invalid data stream" this way, without an errno
        reason = error.strerror or f"a damaged {path.suffix} file: {error}"
        raise TextError(f"{path}: cannot be read: {reason}") from None


def _non_empty(documents: list[Document], source: str) -> list[Document]:
    if not any(document.data.strip() for document in documents):
        raise TextError(f"{source}: holds no text (0 characters that are not blank)")
    return documents


def _binary(name: str, data: bytes) -> TextError:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return TextError(f"{name}: begins like UTF-16; say so with -s data.encoding=utf-16")
    offset = data.find(b"\0")
    place = f"at byte {offset:,}" if offset >= 0 else "after decoding"
    return TextError(
        f"{name}: looks binary (a NUL {place}), not text; to train on raw bytes all the same, use -s data.unit=byte"
    )
