"""How much of what a network writes occurs verbatim in its training text, compared with a text that it has never seen.

The curve of a text gives, for each length n, the share of its characters inside a run of at least n characters that
occurs anywhere in the training text. Any text in the same language shares short runs: memorisation shows as a curve
above that of the held-out text. A share counts characters, so texts of different lengths compare, except for the runs
that the two ends of a text cut short: these matter if it is not much longer than n. The longest run does grow with the
text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.generation.novelty.shared_runs import Match, match
from charrnn.text.corpus import Corpus
from charrnn.text.vocabulary import Ids, Vocabulary

LENGTHS = (5, 10, 15, 20, 30, 50, 100, 200)
HELD_OUT_SPLITS = ("valid", "test")
HELD_OUT = 100_000  # characters of the held-out text that are looked up: enough for shares


@dataclass(frozen=True)
class SharedRun:
    """A run of `length` characters (bytes, for a byte model) at `position` of a text, found first at `found_at` of the
    training text.
    """

    text: str
    length: int
    position: int
    found_at: int


@dataclass(frozen=True)
class Overlap:
    """What one text shares with the training text: the longest run, of length 0 if there is none, and the curve."""

    longest: SharedRun
    curve: Mapping[int, float]


@dataclass(frozen=True)
class Novelty:
    """The overlap of each sample and of the held-out text, if there is one, at the same lengths."""

    samples: tuple[Overlap, ...]
    held_out: Overlap | None
    lengths: tuple[int, ...]


def novelty(corpus: Corpus, samples: Sequence[str]) -> Novelty:
    """Look up samples, without their prompts, and the beginning of the splits valid and test in the split train.

    The curves end where nothing is found. The unknown symbol equals nothing, and neither does a byte that is not UTF-8,
    which a sample shows as U+FFFD.
    """
    vocabulary = corpus.vocabulary
    held_out = np.concatenate([corpus.split(name) for name in HELD_OUT_SPLITS])[:HELD_OUT]
    texts = [*map(vocabulary.encode, samples), *([held_out] if len(held_out) else [])]
    matches = match(corpus.split("train"), texts, LENGTHS, vocabulary.unknown_id)
    lengths = tuple(length for length in LENGTHS if any(found.shares[length] for found in matches))
    overlaps = [_overlap(*found, lengths, vocabulary) for found in zip(texts, matches, strict=True)]
    return Novelty(tuple(overlaps[: len(samples)]), overlaps[-1] if len(held_out) else None, lengths)


def _overlap(ids: Ids, found: Match, lengths: Sequence[int], vocabulary: Vocabulary) -> Overlap:
    run = found.longest
    found_ids = ids[run.position : run.position + run.length]
    ends = np.flatnonzero(found_ids == vocabulary.end_id)  # ends of documents, each shown as the end of a line
    text = "\n".join(vocabulary.decode(part.tolist()) for part in np.split(found_ids, ends))
    return Overlap(
        SharedRun(text, run.length, run.position, run.found_at), {length: found.shares[length] for length in lengths}
    )
