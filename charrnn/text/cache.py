"""Long texts, encoded once into a file.

The file is named after the text's SHA-256 and the vocabulary, so that a changed text never trains from a stale file.
Its last 32 bytes are a SHA-256 over both and all ids. It may be deleted at any time: it will be made again. The folder
belongs to the user, and nobody else may write there: a file that others could have written is not read.
"""

import hashlib
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np
import platformdirs

from charrnn.errors import TextError
from charrnn.system.files.whole_file import whole_file
from charrnn.system.platform_features import HAVE_OWNERS, NO_LINK, NO_WAIT
from charrnn.text.vocabulary import Ids, Vocabulary

FOLDER_VARIABLE = "CHARRNN_CACHE_DIR"
HALF_WRITTEN = re.compile(r"\.charrnn-([0-9a-f]{16}|[a-z0-9_]{8})\.tmp")  # by `whole_file`; on Windows by `load`
DIGEST = 32  # bytes
PIECE = 1 << 20  # bytes read at once
ABANDONED_AFTER = 24 * 3600.0  # seconds after which the writer of a half-written file is gone
OTHERS = stat.S_IWGRP | stat.S_IWOTH


def folder() -> Path:
    """The folder of this user's encoded texts, in $CHARRNN_CACHE_DIR or in the system's folder for caches."""
    owner = f"-{os.geteuid()}" if HAVE_OWNERS else ""
    place = os.environ.get(FOLDER_VARIABLE) or platformdirs.user_cache_dir("charrnn", appauthor=False)
    return Path(place) / f"charrnn-texts{owner}"


def ensure_folder(what: str) -> Path:
    """The same, made if it is missing. Raises TextError if that fails, or if others may write there.

    `what`: what will be kept there, for the message.
    """
    place = folder()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            place.mkdir(mode=0o700)
        found = place.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(None, "it is a link or a file, not a folder", str(place))
        if not _is_ours(found):
            raise PermissionError(None, "another user owns it, or may write there", str(place))
        _remove_leftovers(place)
    except OSError as error:
        raise write_error(what, error) from None
    return place


def write_error(what: str, error: OSError) -> TextError:
    """The error for what cannot be kept there."""
    return TextError(
        f"{folder()}: {what} is kept in a file there, which cannot be written: {error.strerror or error}; "
        f"name a folder of your own, with room, in the environment variable {FOLDER_VARIABLE}"
    )


def ids_path(sha256: str, vocabulary: Vocabulary) -> Path:
    """The file of a text's ids under a vocabulary."""
    return folder() / f"{_key(sha256, vocabulary)[:32]}.{vocabulary.dtype.name}"


def load(sha256: str, vocabulary: Vocabulary, length: int, what: str) -> Ids | None:
    """The ids, (length,); None without a file that is whole and this user's.

    They are memory-mapped from a copy without a name (on Windows, with one until it is closed), which nobody can
    change or cut short: a process that reads a mapped file beyond its new end is killed. Raises TextError if there is
    no room for the copy.
    """
    size = length * vocabulary.dtype.itemsize
    try:
        file = os.fdopen(os.open(ids_path(sha256, vocabulary), os.O_RDONLY | NO_LINK | NO_WAIT), "rb")
    except OSError:
        return None
    with file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size != size + DIGEST or not _is_ours(found):
            return None
        try:
            with tempfile.TemporaryFile(prefix=".charrnn-", suffix=".tmp", dir=folder()) as copy:
                if not _copy_if_valid(file, copy, size, sha256, vocabulary):
                    return None
                copy.flush()
                return np.asarray(np.memmap(copy, vocabulary.dtype, "r", shape=(length,)))
        except OSError as error:
            raise write_error(what, error) from None


def store(sha256: str, vocabulary: Vocabulary, pieces: Iterator[Ids], what: str) -> None:
    """Write ids to the text's file, which appears under its name only when it is whole and on the disk.

    Raises TextError if that fails.
    """
    ensure_folder(what)
    digest = hashlib.sha256(_key(sha256, vocabulary).encode())
    try:
        with whole_file(ids_path(sha256, vocabulary)) as file:
            if HAVE_OWNERS:
                os.fchmod(file.fileno(), 0o600)  # whatever the umask says: what others may write to is not read
            for piece in pieces:
                digest.update(piece.data)
                file.write(piece.data)
            file.write(digest.digest())
    except OSError as error:
        raise write_error(what, error) from None


def _key(sha256: str, vocabulary: Vocabulary) -> str:
    return hashlib.sha256(json.dumps([sha256, vocabulary.unit, vocabulary.symbols]).encode()).hexdigest()


def _copy_if_valid(file: IO[bytes], copy: IO[bytes], size: int, sha256: str, vocabulary: Vocabulary) -> bool:
    """Copy the ids, and check that they are those of this text and vocabulary, as they were written."""
    dtype, digest = vocabulary.dtype, hashlib.sha256(_key(sha256, vocabulary).encode())
    for start in range(0, size, PIECE):
        piece = file.read(min(PIECE, size - start))
        if len(piece) % dtype.itemsize or np.frombuffer(piece, dtype).max(initial=0) >= len(vocabulary):
            return False
        digest.update(piece)
        copy.write(piece)
    return file.read(DIGEST + 1) == digest.digest()


def _is_ours(found: os.stat_result) -> bool:
    """Whether this user owns it, and nobody else may write to it; true if files have no owners here."""
    return not HAVE_OWNERS or (found.st_uid == os.geteuid() and not found.st_mode & OTHERS)


def _remove_leftovers(place: Path) -> None:
    """Remove what killed processes left half written: files of such a name that are this user's, and nothing else."""
    for name in filter(HALF_WRITTEN.fullmatch, os.listdir(place)):
        with suppress(OSError):
            found = (place / name).lstat()
            if stat.S_ISREG(found.st_mode) and _is_ours(found) and time.time() - found.st_mtime > ABANDONED_AFTER:
                (place / name).unlink()
