"""What texts share verbatim with a training text: their longest runs that stand there, and how much of them lies in such runs.

The lengths looked for grow at most twofold from one to the next, with those that are asked for among them, until nothing
is found any more. The longest run of each text lies between two of them, and bisection finds it. Never quadratic: with M
symbols looked up in N, each length takes O((M + N) log M), and there are O(log M) of them for each text; texts share them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.generation.karp_miller_rosenberg import NO_NAME, Names
from charrnn.text.vocabulary import Ids


@dataclass(frozen=True)
class Run:
    """So many symbols at a position of a text that stand at `found_at` in the training text too; the first such places."""

    length: int = 0
    position: int = 0
    found_at: int = 0


@dataclass(frozen=True)
class Match:
    """The longest run of one text, and for each length n the share of its symbols that lie inside runs of at least n."""

    longest: Run
    shares: Mapping[int, float]


def match(training: Ids, texts: Sequence[Ids], lengths: Sequence[int], unknown: int | None = None) -> list[Match]:
    """Look up each text in the training text, (N,) ids, which may be memory-mapped; `unknown` is an id that equals nothing,
    itself included.

    Each of the lengths is at least 2. Takes some 16 bytes of memory for each symbol of the training text.
    """
    names, parts = _side_by_side(training, texts, unknown)
    longest = dict.fromkeys(range(len(texts)), Run())
    shares = [dict.fromkeys(lengths, 0.0) for _ in texts]
    left = {number: part for number, part in enumerate(parts) if _any(names, part)}
    growing = _growing(lengths)
    while left:
        longer = names.longer(next(growing))
        ended = {number: part for number, part in left.items() if not _any(longer, part)}
        longest |= zip(ended, _longest(names, longer.length, [*ended.values()]), strict=True)
        left = {number: part for number, part in left.items() if number not in ended}
        if longer.length in lengths:
            for number, part in left.items():
                shares[number][longer.length] = _share(longer, part)
        names = longer
    return [Match(*found) for found in zip(longest.values(), shares, strict=True)]


def _side_by_side(training: Ids, texts: Sequence[Ids], unknown: int | None) -> tuple[Names, list[slice]]:
    """The texts as one, with what equals nothing between them, and where each of them stands in it."""
    ends = np.cumsum([len(text) + 1 for text in texts]).tolist()
    parts = [slice(end - 1 - len(text), end - 1) for end, text in zip(ends, texts, strict=True)]
    together = np.full(max(ends, default=0), NO_NAME, np.intp)
    for part, text in zip(parts, texts, strict=True):
        together[part] = text
    if unknown is not None:
        together[together == unknown] = NO_NAME
    return Names.of_symbols(together, training), parts


def _growing(lengths: Sequence[int]) -> Iterator[int]:
    """2, 4, 8, ... without end, with each of the lengths on the way."""
    length = 1
    while True:
        length = min([2 * length, *(asked for asked in lengths if asked > length)])
        yield length


def _any(names: Names, part: slice) -> bool:
    return bool((names.text[part] >= 0).any())


def _share(names: Names, part: slice) -> float:
    """The share of a text's symbols that lie inside runs that have a name."""
    begins = np.flatnonzero(names.text[part] >= 0)
    changes = np.zeros(part.stop - part.start + 1, np.intp)
    changes[begins] += 1
    changes[begins + names.length] -= 1
    return float(np.count_nonzero(changes.cumsum()[:-1]) / len(changes[:-1]))


def _longest(names: Names, beyond: int, parts: Sequence[slice]) -> list[Run]:
    """The longest run of each text, of which each has runs with a name, and none has one as long as `beyond`."""
    runs, bounds = [_first(names, part) for part in parts], [beyond] * len(parts)
    while undecided := [number for number, run in enumerate(runs) if bounds[number] - run.length > 1]:
        middle = (runs[undecided[0]].length + bounds[undecided[0]]) // 2
        longer = names.longer(middle)
        for number in undecided:  # one look at the training text serves all that it says something new about
            if runs[number].length < middle < bounds[number]:
                if _any(longer, parts[number]):
                    runs[number] = _first(longer, parts[number])
                else:
                    bounds[number] = middle
    return runs


def _first(names: Names, part: slice) -> Run:
    """The first run of a text that has a name, and where it first stands in the training text."""
    position = int((names.text[part] >= 0).argmax())
    return Run(names.length, position, int((names.training == names.text[part][position]).argmax()))
