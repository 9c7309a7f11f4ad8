"""The text files of a folder, and what is left out and why.

Hidden names, run directories, links to folders and everything but plain text are left out. A link to a file is read
like the file, unless the file is read already.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from charrnn.text.reading.encodings import (
    UTF_8,
    Encodings,
    detect_by_mark,
    detect_by_pattern,
    family,
    is_plausible,
    is_text_with_nuls,
    is_wide,
)
from charrnn.text.reading.file_kinds import Kind, detect_kind
from charrnn.text.reading.text_file import BINARY_PROBE, DAMAGED, TextFile
from charrnn.words import parameter, plural

RUN_FILES = {"config.yaml", "last.safetensors"}  # what a training wrote is not what the next should read
SHOWN_NAMES, SHOWN_ENDINGS = 3, 4  # in one line

HIDDEN = Kind("a hidden file or folder", "hidden files or folders")
RUN = Kind("a run directory", "run directories")
NOWHERE = Kind("a link that leads nowhere", "links that lead nowhere")
TO_FOLDER = Kind("a link to a folder", "links to folders")
READ_ALREADY = Kind("a link to a file that is read already", "links to files that are read already")
SPECIAL = Kind("a pipe or device", "pipes or devices")
UNREADABLE = Kind("what cannot be read", "that cannot be read")
WITH_NUL = Kind("a text with a NUL", "texts with a NUL")
BINARY = Kind("a binary file", "binary files")
FOLDER = Kind("a folder", "folders")


class OmittedFile(NamedTuple):
    """A file or folder that is not read, and why."""

    path: Path
    kind: Kind


@dataclass
class Files:
    """What a folder or a pattern gives: the files to read, sorted; how many have each mark of UTF-16 or UTF-32; and
    what is left out.
    """

    read: list[Path] = field(default_factory=list)
    marks: Counter[str] = field(default_factory=Counter)
    left_out: list[OmittedFile] = field(default_factory=list)

    def summary(self, source: str) -> str:
        """One line: how many files of each kind are read, and what is left out and why."""
        endings = Counter(path.suffix.lower() or "without an ending" for path in self.read)
        kinds = [f"{count:,} {ending}" for ending, count in endings.most_common(SHOWN_ENDINGS)]
        if others := len(self.read) - sum(count for _, count in endings.most_common(SHOWN_ENDINGS)):
            kinds.append(f"{others:,} others")
        kinds += [f"{count:,} in {family(name).upper()}" for name, count in self.marks.items()]
        files = f"{plural(len(self.read), 'file')} read ({', '.join(kinds)})"
        return f"{source}: {files}{self.omissions(source)}"

    def listing(self, source: str) -> list[str]:
        """A line for each file that is left out, and for each that is read."""
        return [
            *(f"{source}: left out: {_below(path, source)}: {kind.one}" for path, kind in self.left_out),
            *(f"{source}: read: {_below(path, source)}" for path in self.read),
        ]

    def as_json(self) -> dict[str, object]:
        """The same as data."""
        return {
            "read": [str(path) for path in self.read],
            "left_out": [{"file": str(path), "reason": kind.one} for path, kind in self.left_out],
        }

    def omissions(self, source: str) -> str:
        """What is left out, in words; empty where nothing is."""
        by_kind: dict[Kind, list[Path]] = {}
        for path, kind in self.left_out:
            by_kind.setdefault(kind, []).append(path)
        parts = [_describe_several(kind, paths, source) for kind, paths in by_kind.items()]
        return f"; left out {len(self.left_out):,}: {', '.join(parts)}" if parts else ""


def find_files(root: Path, encodings: Encodings, any_bytes: bool) -> Files:
    """Look through a folder and those below it. `any_bytes`: read every file, whatever it holds."""
    found = Files()
    candidates = list(_candidates(root, found.left_out))
    links = {path for path in candidates if path.is_symlink()}
    targets = {os.path.realpath(path) for path in candidates if links and path not in links}
    for path in candidates:
        kind, mark = (None, None) if any_bytes or encodings.named_for(str(path)) else _examine(path, encodings)
        if kind is None and path in links and not encodings.by_nuls_alone:
            target = os.path.realpath(path)
            kind = READ_ALREADY if target in targets else None
            targets.add(target)
        if kind:
            found.left_out.append(OmittedFile(path, kind))
        else:
            found.read.append(path)
            found.marks.update([mark] if mark else [])
    return found


def irregular_kind(path: Path) -> Kind | None:
    """The kind of anything but a regular file or a link to one; None for these."""
    if path.is_file():
        return None
    return SPECIAL if path.exists() else NOWHERE


def _candidates(root: Path, left_out: list[OmittedFile]) -> Iterator[Path]:
    """Yield every regular file, folder after folder, sorted. Adds the rest to `left_out`."""

    def unreadable(error: OSError) -> None:
        left_out.append(OmittedFile(Path(error.filename or root), UNREADABLE))

    for folder, subfolders, names in os.walk(root, onerror=unreadable):
        here = Path(folder)
        if RUN_FILES <= set(names):
            left_out.append(OmittedFile(here, RUN))
            subfolders.clear()
            continue
        left_out += [OmittedFile(here / name, HIDDEN) for name in sorted((*subfolders, *names)) if name.startswith(".")]
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        left_out += [OmittedFile(here / name, TO_FOLDER) for name in subfolders if (here / name).is_symlink()]
        for path in (here / name for name in sorted(names) if not name.startswith(".")):
            if kind := irregular_kind(path):
                left_out.append(OmittedFile(path, kind))
            else:
                yield path


def _examine(path: Path, encodings: Encodings) -> tuple[Kind | None, str | None]:
    """Why a file is left out, or None; and the encoding that its byte order mark names, unless that is UTF-8."""
    try:
        with TextFile(path) as file:
            head = file.read(BINARY_PROBE)
    except DAMAGED:
        return None, None  # reading it will say what is wrong
    except OSError:
        return UNREADABLE, None
    mark = detect_by_mark(head)
    if encodings.by_nuls_alone:
        return BINARY if b"\0" in head and not is_wide(encodings.name) else None, None
    if kind := detect_kind(head):
        return kind, None
    if mark and not is_plausible(head, mark):
        return BINARY, None
    if mark or b"\0" not in head:
        return None, mark if mark != UTF_8 else None
    looks = detect_by_pattern(head)
    if looks and is_wide(encodings.name):
        return None, None
    if looks:
        return _unmarked_kind(looks), None
    return WITH_NUL if is_text_with_nuls(head) else BINARY, None


def _unmarked_kind(encoding: str) -> Kind:
    """A text without a byte order mark, whose encoding nobody named."""
    option = f"{parameter('encoding')} FILE={encoding}"
    return Kind(f"a file that looks like {encoding}, for {option}", f"files that look like {encoding}, for {option}")


def _below(path: Path, source: str) -> str:
    """A file's path below the folder that was named."""
    return str(path.relative_to(source)) if path != Path(source) and path.is_relative_to(source) else str(path)


def _describe_several(kind: Kind, paths: Sequence[Path], source: str) -> str:
    """The files that are left out for one reason: how many, and the names of the first."""
    count = f"{len(paths):,} {kind.many}" if len(paths) > 1 else kind.one
    names = [_below(path, source) for path in paths[:SHOWN_NAMES]]
    more = ", ..." if len(paths) > SHOWN_NAMES else ""
    return f"{count} ({', '.join(names)}{more})"
