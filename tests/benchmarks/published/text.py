"""Tiny Shakespeare on nanoGPT's split: the first nine tenths train, the last tenth validates."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TEXT = os.environ.get("TINYSHAKESPEARE", str(Path(__file__).resolve().parents[4] / "shared/data/tinyshakespeare.txt"))
PROTOCOL = ["-s", "data.protocol=nanogpt"]
NGRAM = 1.5165  # nats on the last tenth: the interpolated modified Kneser-Ney 7-gram, by charrnn eval

Ids = NDArray[np.int64]


def split(path: str) -> tuple[Ids, Ids, int]:
    """Ids of the first nine tenths, ids of the last tenth, and the number of symbols; cut as by nanoGPT's prepare.py.

    Raises SystemExit if the text cannot be read.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8")
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}; set TINYSHAKESPEARE to the path of the text") from None
    symbols = sorted(set(text))
    numbers = {symbol: number for number, symbol in enumerate(symbols)}
    ids = np.array([numbers[symbol] for symbol in text])
    cut = int(0.9 * len(ids))
    return ids[:cut], ids[cut:], len(symbols)


def overlapping_windows(ids: Ids, length: int, before: int) -> tuple[Ids, Ids]:
    """Cut a text into windows of `length` characters: inputs (n, length) and targets (n, length).

    Every window but the first starts with `before` characters that are repeated as context and not scored: their target is -1.
    Every character of the text but the first is scored once.
    """
    new = length - before
    windows = max(1, -(-(len(ids) - 1 - before) // new))
    positions = np.arange(windows)[:, None] * new + np.arange(length)
    inside = positions < len(ids) - 1
    scored = inside & ((np.arange(length) >= before) | (np.arange(windows)[:, None] == 0))
    inputs = ids[np.where(inside, positions, 0)]
    return inputs, np.where(scored, ids[np.where(inside, positions + 1, 0)], -1)
