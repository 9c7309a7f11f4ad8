"""Tiny Shakespeare on nanoGPT's split, the last tenth validating, as every contestant reads it; and what others made of it."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TEXT = os.environ.get("TINYSHAKESPEARE", str(Path(__file__).resolve().parents[4] / "shared/data/tinyshakespeare.txt"))
PROTOCOL = ["-s", "data.protocol=nanogpt"]
NGRAM = 1.5165  # nats: the interpolated modified Kneser-Ney 7-gram of the training split, by charrnn eval

Ids = NDArray[np.int64]


def split(path: str) -> tuple[Ids, Ids, int]:
    """Ids of the first nine tenths and of the last tenth of a text, and how many symbols there are; as nanoGPT's prepare.py cuts.

    Leaves the program where the text is not there.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8")
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}; say in TINYSHAKESPEARE where the text is") from None
    symbols = sorted(set(text))
    numbers = {symbol: number for number, symbol in enumerate(symbols)}
    ids = np.array([numbers[symbol] for symbol in text])
    cut = int(0.9 * len(ids))
    return ids[:cut], ids[cut:], len(symbols)


def overlapping(ids: Ids, length: int, before: int) -> tuple[Ids, Ids]:
    """A text as windows of `length` characters, (n, length) read and (n, length) to be predicted.

    All but the first window begin with `before` characters that are read once more, uncharged: they are what the others are
    predicted from. Where nothing is charged the target is -1; every character of the text but the first is charged once.
    """
    new = length - before
    windows = max(1, -(-(len(ids) - 1 - before) // new))
    places = np.arange(windows)[:, None] * new + np.arange(length)
    inside = places < len(ids) - 1
    charged = inside & ((np.arange(length) >= before) | (np.arange(windows)[:, None] == 0))
    read = ids[np.where(inside, places, 0)]
    return read, np.where(charged, ids[np.where(inside, places + 1, 0)], -1)
