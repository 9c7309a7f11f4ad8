"""Long texts, encoded once into a file that is memory-mapped.

The file's name is made of the text's SHA-256 and of the vocabulary, so that a text that has changed is never trained
from a stale file. It may be deleted at any time: it will be made again.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import platformdirs

from charrnn.errors import TextError
from charrnn.text.vocabulary import Ids, Vocabulary

PLACE = "CHARRNN_CACHE_DIR"


def folder() -> Path:
    """Where encoded texts are kept: $CHARRNN_CACHE_DIR, or the system's folder for such things."""
    return Path(os.environ.get(PLACE) or platformdirs.user_cache_dir("charrnn", appauthor=False))


def path_of(sha256: str, vocabulary: Vocabulary) -> Path:
    """The file of a text's ids under a vocabulary."""
    key = hashlib.sha256(json.dumps([sha256, vocabulary.unit, vocabulary.symbols]).encode()).hexdigest()
    return folder() / f"{key[:32]}.{vocabulary.dtype.name}"


def load(path: Path, vocabulary: Vocabulary, length: int) -> Ids | None:
    """The ids in a file that is there and whole, (length,), memory-mapped; None where there is none."""
    with suppress(OSError):
        if path.stat().st_size == length * vocabulary.dtype.itemsize:
            return np.asarray(np.memmap(path, vocabulary.dtype, "r"))
    return None


def store(path: Path, pieces: Iterator[Ids]) -> None:
    """Write ids to a file, which appears under its name only when it is whole.

    Raises TextError where that cannot be done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix="encoding-")
        try:
            with open(handle, "wb") as file:
                for piece in pieces:
                    file.write(piece.data)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise TextError(
            f"{path.parent}: a text this long is encoded into a file there, which cannot be written: "
            f"{error.strerror or error}; name a folder with more room in the environment variable {PLACE}"
        ) from None
