"""How much of what a network writes stands verbatim in its training text, beside a text that it has never seen.

The curve of a text has for each length n the share of its characters that lie inside a run of at least n characters found
anywhere in the training text. Short runs are found for any text in the same language: what shows memorisation is a curve
above that of the held-out text. A share counts characters, so that texts of different lengths compare, but for the runs
that a text's two ends cut short, which matter where it is not much longer than n. The longest run does grow with the text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.generation.shared_runs import Match, match
from charrnn.text.corpus import Corpus
from charrnn.text.vocabulary import Ids, Vocabulary

LENGTHS = (5, 10, 15, 20, 30, 50, 100, 200)
HELD_OUT_SPLITS = ("valid", "test")
HELD_OUT = 100_000  # characters of the held-out text that are looked up: enough for shares; more would take time


@dataclass(frozen=True)
class SharedRun:
    """A run of `length` characters (bytes, for a byte model) that stands at `position` in one text and first at `found_at` in
    the training text.
    """

    text: str
    length: int
    position: int
    found_at: int


@dataclass(frozen=True)
class Overlap:
    """What one text shares with the training text: the longest run, of length 0 where there is none, and the curve."""

    longest: SharedRun
    curve: Mapping[int, float]


@dataclass(frozen=True)
class Novelty:
    """The overlap of each sample, and of the held-out text where there is any, at the same lengths."""

    samples: tuple[Overlap, ...]
    held_out: Overlap | None
    lengths: tuple[int, ...]


def novelty(corpus: Corpus, samples: Sequence[str]) -> Novelty:
    """Look up samples, without their prompts, and the beginning of the splits valid and test in the split train.

    The curves go on until nothing is found. The unknown symbol equals nothing; neither does a byte that is no UTF-8, which a
    sample shows as U+FFFD.
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
    ends = np.flatnonzero(found_ids == vocabulary.end_id)  # of documents: each is shown as that of a line
    text = "\n".join(vocabulary.decode(part.tolist()) for part in np.split(found_ids, ends))
    return Overlap(
        SharedRun(text, run.length, run.position, run.found_at), {length: found.shares[length] for length in lengths}
    )
