"""Long texts, encoded once into a file that is memory-mapped.

The file's name is made of the text's SHA-256 and of the vocabulary, so that a text that has changed is never trained
from a stale file; it ends with the SHA-256 of what stands before. It may be deleted at any time: it will be made again.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import platformdirs

from charrnn.errors import TextError
from charrnn.text.vocabulary import Ids, Vocabulary

PLACE = "CHARRNN_CACHE_DIR"
MEASURING = "measuring-"  # begins the name of a folder in which a training is timed
DIGEST = 32  # bytes
PIECE = 1 << 20  # bytes read at once
ABANDONED = 24 * 3600.0  # seconds after which a file that is not whole has lost its writer


def folder() -> Path:
    """Where encoded texts are kept: $CHARRNN_CACHE_DIR, or the system's folder for such things."""
    return Path(os.environ.get(PLACE) or platformdirs.user_cache_dir("charrnn", appauthor=False))


def made_folder() -> Path:
    """The same, made where it is missing. Raises TextError where that cannot be done."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        _remove_abandoned()
    except OSError as error:
        raise not_written(error) from None
    return folder()


def not_written(error: OSError) -> TextError:
    """What to say of a disk that does not take a long text."""
    return TextError(
        f"{folder()}: a text this long is kept in a file there, which cannot be written: {error.strerror or error}; "
        f"name a folder with more room in the environment variable {PLACE}"
    )


def path_of(sha256: str, vocabulary: Vocabulary) -> Path:
    """The file of a text's ids under a vocabulary."""
    key = hashlib.sha256(json.dumps([sha256, vocabulary.unit, vocabulary.symbols]).encode()).hexdigest()
    return folder() / f"{key[:32]}.{vocabulary.dtype.name}"


def load(path: Path, vocabulary: Vocabulary, length: int) -> Ids | None:
    """The ids in a file that is there and whole, (length,), memory-mapped; None where there is none."""
    size = length * vocabulary.dtype.itemsize
    with suppress(OSError):
        if path.stat().st_size == size + DIGEST and _is_whole(path, size):
            return np.asarray(np.memmap(path, vocabulary.dtype, "r", shape=(length,)))
    return None


def store(path: Path, pieces: Iterator[Ids]) -> None:
    """Write ids to a file, which appears under its name only when it is whole and on the disk.

    Raises TextError where that cannot be done.
    """
    side = path.with_name(f"{path.name}.{os.getpid()}.tmp")  # two writers of one text do not meet
    made_folder()
    try:
        try:
            with side.open("wb") as file:
                digest = hashlib.sha256()
                for piece in pieces:
                    digest.update(piece.data)
                    file.write(piece.data)
                file.write(digest.digest())
                file.flush()
                os.fsync(file.fileno())
            os.replace(side, path)
        except BaseException:
            side.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise not_written(error) from None


def _is_whole(path: Path, size: int) -> bool:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for start in range(0, size, PIECE):
            digest.update(file.read(min(PIECE, size - start)))
        return file.read() == digest.digest()


def _remove_abandoned() -> None:
    """What a process that was killed left: files half written, and folders in which it measured."""
    for left in (*folder().glob("*.tmp"), *folder().glob(f"{MEASURING}*")):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
