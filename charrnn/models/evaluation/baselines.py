"""Baselines: what counting alone predicts, and what a compressor needs."""

import lzma
from contextlib import suppress
from dataclasses import dataclass
from math import log
from threading import Thread

import numpy as np

from charrnn.models.encoded_text import EncodedText, decode_text
from charrnn.network.arrays import Array, Ids
from charrnn.ngram.kneser_ney import NGram
from charrnn.ngram.order_selection import MAX_COUNTED_CHARS
from charrnn.text.corpus import Corpus

BLOCK = 1 << 22  # characters counted at once
MIN_DICTIONARY_BYTES = 1 << 12  # bytes, LZMA2's own bound
MAX_DICTIONARY_BYTES = 1 << 24  # bytes; the compressor needs eleven times as much memory


@dataclass(frozen=True)
class Baselines:
    """Losses on the same characters without a network, in nats per character; None for one that was not computed."""

    uniform: float  # all characters are equally likely
    unigram: float | None = None
    ngram: float | None = None
    xz: float | None = None


@dataclass(frozen=True)
class Counts:
    """The counts of a training text, for the baselines."""

    unigram: Array  # (V,) surprisals
    ngram: NGram


def unigram(ids: Array, vocab_size: int) -> Array:
    """The surprisal of each character, (V,), in nats, from its count in a training text plus one."""
    counts = _counts(ids, vocab_size) + 1
    return np.asarray(log(counts.sum()) - np.log(counts))


def xz(train: bytes, text: bytes) -> float:
    """The nats by which the compressed training text grows when `text` is appended (LZMA2, highest level).

    Raw, without the container of an .xz file. The compressor looks back at most MAX_DICTIONARY_BYTES bytes.
    """
    whole = train + text
    size = min(max(len(whole), MIN_DICTIONARY_BYTES), MAX_DICTIONARY_BYTES)
    return 8 * log(2) * (_compressed_size(whole, size) - _compressed_size(train, size))


def _compressed_size(data: bytes, dictionary: int) -> int:
    lzma2 = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": dictionary}
    return len(lzma.compress(data, lzma.FORMAT_RAW, filters=[lzma2]))


def _counts(ids: Array, vocab_size: int) -> Ids:
    """How often each id occurs, (V,); in blocks, because a long text is a file mapped into memory."""
    blocks = (ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK))
    return sum((np.bincount(block, minlength=vocab_size) for block in blocks), np.zeros(vocab_size, np.intp))


class XzBaseline(Thread):
    """The xz baseline, computed on another core while the text is read: the text after the training split, of which at
    most the last MAX_COUNTED_CHARS characters are used. None for a text longer than that, which would take minutes, or
    if memory is short.
    """

    def __init__(self, corpus: Corpus, text: EncodedText) -> None:
        """Start at once; the program does not wait for it at its end."""
        super().__init__(daemon=True)
        self._corpus, self._text = corpus, text
        self._loss: float | None = None
        self.start()

    def run(self) -> None:
        """Compress, on the thread."""
        characters, content = self._text.characters, self._text.content
        if content and characters and characters <= MAX_COUNTED_CHARS:
            train = decode_text(self._corpus.vocabulary, self._corpus.split("train")[-MAX_COUNTED_CHARS:])
            with suppress(MemoryError):
                self._loss = xz(train, content()) / characters

    def result(self) -> float | None:
        """Wait for it. Returns nats per character, or None."""
        self.join()
        return self._loss
