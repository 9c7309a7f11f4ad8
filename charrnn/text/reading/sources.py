"""Where a text comes from: files, folders, globs, standard input, compressed files, built-in texts.

`find_sources` turns names, as on the command line, into sources: each has a name for messages, and bytes that can be
read piece by piece, any number of times.
"""

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
from charrnn.package import BUILTIN as BUILTIN
from charrnn.package import shipped, shipped_models
from charrnn.text import cache
from charrnn.text.reading import missing
from charrnn.text.reading.encodings import Encodings
from charrnn.text.reading.file_kinds import Kind
from charrnn.text.reading.folder import FOLDER, Files, OmittedFile, find_files, irregular_kind
from charrnn.text.reading.text_file import DAMAGED, MAX_EXPANSION, TextFile
from charrnn.words import nearest, parameter

PIECE = 1 << 20  # bytes read at once
SPOOLED = 1 << 25  # bytes of standard input; more are kept in a file
DEFAULT_SOURCE = f"{BUILTIN}harbour"
STANDARD_INPUT = "standard input"


class Readable(Protocol):
    """Gives bytes; none at its end."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Source:
    """One source: its name for messages, what was asked for when it was found, and a way to open it."""

    name: str
    open: Callable[[], AbstractContextManager[Readable]]
    argument: str = ""  # what was asked for, as on the command line: a folder, where the source is a file in it
    comes_live: bool = False  # it may still be written: read no more than is needed

    @classmethod
    def from_bytes(cls, name: str, data: bytes) -> "Source":
        """A source in memory."""
        return cls(name, lambda: io.BytesIO(data), name)

    @property
    def path(self) -> str:
        """Its name on the command line: a path, or - for standard input."""
        return "-" if self.name == STANDARD_INPUT else self.name

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, decompressed. Raises TextError if they cannot be read."""
        try:
            with self.open() as file:
                while piece := file.read(PIECE):
                    yield piece
        except DAMAGED as error:
            raise TextError(f"{self.name}: a damaged {Path(self.name).suffix} file: {error}") from None
        except OSError as error:  # bz2 says "Invalid data stream" this way, without an errno
            reason = error.strerror or f"a damaged {Path(self.name).suffix} file: {error}"
            raise TextError(f"{self.name}: cannot be read: {reason}") from None


def find_sources(
    sources: Sequence[str],
    binary: bool = False,
    max_expansion: float = MAX_EXPANSION,
    once: bool = False,
    encodings: Encodings | None = None,
) -> tuple[list[Source], dict[str, Files]]:
    """All sources, in the order given, and what each folder and pattern gave; these give their files sorted by path.

    A folder gives plain text only, unless `binary`, or where `encodings` names the encoding of a file; see folder.py. A
    compressed file may hold `max_expansion` times its own size. `once`: standard input is read as it comes, and not
    kept for a second reading.

    Raises TextError for a source that is missing.
    """
    listed: list[Source] = []
    folders: dict[str, Files] = {}
    for source in sources or [DEFAULT_SOURCE]:
        if source == "-":
            listed.append(_live_stdin() if once else _spooled_stdin())
        elif source.startswith(BUILTIN):
            listed += _builtin(source)
        else:
            found = _find_files(source, binary, encodings or Encodings(), sources)
            listed += [_file(path, source, max_expansion) for path in found.read]
            if not Path(source).is_file():
                folders[source] = found
    return listed, folders


def standard_input() -> IO[bytes]:
    """Standard input, of bytes. Raises TextError if it is closed."""
    if sys.stdin is None:
        raise TextError("standard input is closed; name a text")
    return sys.stdin.buffer


def builtin_names() -> list[str]:
    """The names that `builtin:NAME` accepts."""
    return sorted({path.stem for path in shipped("corpora").glob("*.txt")} | {"python"})


def _builtin(source: str) -> Iterator[Source]:
    name = source.removeprefix(BUILTIN)
    if name == "python":
        yield from _standard_library()
    elif name in builtin_names():
        yield _file(shipped("corpora") / f"{name}.txt", source)
    else:
        raise TextError(f"{source}: {_not_a_text(source)}")


def _not_a_text(source: str) -> str:
    """What a name is that no built-in text has."""
    texts, models = [f"{BUILTIN}{name}" for name in builtin_names()], shipped_models()
    if source in models:
        return f"a model, not a text; to begin with its weights: charrnn train TEXT --from {source}"
    bare = {name.removeprefix(BUILTIN): name for name in (*texts, *models)}
    close = nearest(source.removeprefix(BUILTIN), bare)  # without the prefix, which makes any two alike
    also = f", and for a RUN {', '.join(models)}" if models else ""
    return f"no such built-in text; there are {', '.join(texts)}{also}" + (
        f"; did you mean {bare[close]}?" if close else ""
    )


def _standard_library() -> Iterator[Source]:
    """The source files of Python's standard library that are UTF-8; some of its tests are not."""
    root = Path(sysconfig.get_paths()["stdlib"])
    paths = [path for path in sorted(root.rglob("*.py")) if "site-packages" not in path.parts]
    if not paths:
        raise TextError(f"builtin:python: no Python sources under {root}; name a folder that has some")
    for path in paths:
        if _is_utf_8_text(path.read_bytes()):
            yield _file(path, "builtin:python")


def _is_utf_8_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


def _find_files(source: str, binary: bool, encodings: Encodings, sources: Sequence[str]) -> Files:
    """The files that a name, a folder or a pattern means; `sources` are all that were named, for a message."""
    if not source:
        raise TextError("'' is not a file name; name a text, or leave it out for the built-in one")
    path = Path(source)
    try:
        if path.is_dir():
            return _folder(path, binary, encodings)
        if path.is_file():
            return Files([path])
        if path.exists():
            raise TextError(f"{source}: not a regular file; to read from a pipe, use - and standard input")
    except OSError as error:
        raise TextError(f"{source}: cannot be read: {error.strerror or error}") from None
    except ValueError:  # a NUL in the name
        raise TextError(f"{source!r}: not a file name") from None
    if path.is_symlink():
        raise TextError(f"{source}: a link that leads nowhere")
    if glob.has_magic(source) and not missing.WEB_ADDRESS.match(source):
        return _matches(source)
    raise TextError(f"{source}: no such file or folder{missing.hint(source, sources, builtin_names())}")


def _matches(pattern: str) -> Files:
    """The files that match a pattern. Raises TextError if none does."""
    folder, names = literal_part(pattern)
    prefix = glob.escape(folder)
    # Brackets that match nothing may be part of a name: songs/*[live].txt
    for wanted in (names, names.replace("[", "[[]")):
        matches = sorted(map(Path, glob.glob(os.path.join(prefix, wanted), recursive=True)))
        found = Files([path for path in matches if path.is_file()])
        if found.read:
            found.left_out += [
                OmittedFile(path, kind) for path in matches if (kind := _not_a_file(path, "**" in wanted))
            ]
            return found
    raise TextError(f"{pattern}: no file matches this pattern in {Path(folder or '.').resolve()}")


def _not_a_file(path: Path, enters_folders: bool) -> Kind | None:
    """The kind of a match that is left out; None for a file, and for a folder whose files the pattern names."""
    if path.is_dir():
        return None if enters_folders else FOLDER
    return irregular_kind(path)


def literal_part(source: str) -> tuple[str, str]:
    """Split a pattern into the folder where it begins, which exists under exactly this name, and the rest: `a
    [b]/*.txt` is `a [b]` and `*.txt`.
    """
    path = Path(source)
    folder = next((parent for parent in path.parents if parent.is_dir()), Path(path.anchor))
    return str(folder), str(path.relative_to(folder))


def _folder(root: Path, binary: bool, encodings: Encodings) -> Files:
    found = find_files(root, encodings, binary)
    if not found.read:
        has_web_pages = any(omitted.kind.is_source for omitted in found.left_out)
        hint = f"; {parameter('encoding')} '*.html=utf-8' reads web pages with their markup" if has_web_pages else ""
        raise TextError(f"{root}: this folder holds no text file{found.omissions(str(root))}{hint}")
    return found


def _file(path: Path, source: str, max_expansion: float = MAX_EXPANSION) -> Source:
    return Source(str(path), lambda: TextFile(path, max_expansion), source)


def _live_stdin() -> Source:
    """Standard input. Each read returns what has come so far, and waits only when nothing has."""
    given = standard_input()
    unbuffered = getattr(given, "raw", given)
    return Source(STANDARD_INPUT, lambda: nullcontext(unbuffered), STANDARD_INPUT, comes_live=True)


def _spooled_stdin() -> Source:
    """Standard input, kept so that it can be read again: in memory while it is short, otherwise in a file without a
    name.

    Raises TextError if that file cannot be written.
    """
    given, kept = standard_input(), f"standard input of more than {SPOOLED >> 20} MiB"
    beginning = given.read(SPOOLED)
    if len(beginning) < SPOOLED:
        return Source.from_bytes(STANDARD_INPUT, beginning)
    place = cache.ensure_folder(kept)
    try:
        spool = tempfile.TemporaryFile(dir=place)  # noqa: SIM115 (open as long as the source)
        spool.write(beginning)
        shutil.copyfileobj(given, spool, PIECE)
    except OSError as error:
        raise cache.write_error(kept, error) from None

    def rewound() -> AbstractContextManager[Readable]:
        spool.seek(0)
        return nullcontext(spool)

    return Source(STANDARD_INPUT, rewound, STANDARD_INPUT)
