"""What texts share verbatim with a training text: the longest common runs, and the share of each text inside such runs.

Runs of 2, 4, 8, ... symbols are looked up, and of the requested lengths in between, until none is found. The longest
run of each text then lies between two of these lengths, and bisection finds it. The time is never quadratic: with M
symbols looked up in N, each length takes O((M + N) log M), and there are O(log M) lengths for each text; texts share
them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.generation.novelty.karp_miller_rosenberg import NO_NAME, RunIds
from charrnn.text.vocabulary import Ids


@dataclass(frozen=True)
class Run:
    """`length` symbols at `position` of a text, and first at `found_at` of the training text."""

    length: int = 0
    position: int = 0
    found_at: int = 0


@dataclass(frozen=True)
class Match:
    """The longest run of one text, and for each length n the share of its symbols inside runs of at least n."""

    longest: Run
    shares: Mapping[int, float]


def match(training: Ids, texts: Sequence[Ids], lengths: Sequence[int], unknown: int | None = None) -> list[Match]:
    """Look up each text in the training text, (N,) ids, which may be memory-mapped. `unknown` is an id that equals
    nothing, not even itself. Each of the lengths is at least 2.

    Needs about 16 bytes of memory for each symbol of the training text.

    >>> training, text = (np.frombuffer(each, np.uint8) for each in (b"the cat sat", b"a cat ran"))
    >>> (found,) = match(training, [text], lengths=[3])
    >>> found.longest  # " cat "
    Run(length=5, position=1, found_at=3)
    >>> round(found.shares[3], 3)
    0.556
    """
    names, parts = _side_by_side(training, texts, unknown)
    longest = dict.fromkeys(range(len(texts)), Run())
    shares = [dict.fromkeys(lengths, 0.0) for _ in texts]
    left = {number: part for number, part in enumerate(parts) if _any(names, part)}
    growing = _growing(lengths)
    while left:
        longer = names.extend(next(growing))
        ended = {number: part for number, part in left.items() if not _any(longer, part)}
        longest |= zip(ended, _longest(names, longer.length, [*ended.values()]), strict=True)
        left = {number: part for number, part in left.items() if number not in ended}
        if longer.length in lengths:
            for number, part in left.items():
                shares[number][longer.length] = _share(longer, part)
        names = longer
    return [Match(*found) for found in zip(longest.values(), shares, strict=True)]


def _side_by_side(training: Ids, texts: Sequence[Ids], unknown: int | None) -> tuple[RunIds, list[slice]]:
    """All texts in one, with a symbol that equals nothing after each, and the slice of each text."""
    ends = np.cumsum([len(text) + 1 for text in texts]).tolist()
    parts = [slice(end - 1 - len(text), end - 1) for end, text in zip(ends, texts, strict=True)]
    together = np.full(max(ends, default=0), NO_NAME, np.intp)
    for part, text in zip(parts, texts, strict=True):
        together[part] = text
    if unknown is not None:
        together[together == unknown] = NO_NAME
    return RunIds.from_symbols(together, training), parts


def _growing(lengths: Sequence[int]) -> Iterator[int]:
    """2, 4, 8, ... without end, and each of the lengths in its place."""
    length = 1
    while True:
        length = min([2 * length, *(asked for asked in lengths if asked > length)])
        yield length


def _any(names: RunIds, part: slice) -> bool:
    return bool((names.text[part] >= 0).any())


def _share(names: RunIds, part: slice) -> float:
    """The share of a text's symbols inside runs that have a name."""
    begins = np.flatnonzero(names.text[part] >= 0)
    changes = np.zeros(part.stop - part.start + 1, np.intp)
    changes[begins] += 1
    changes[begins + names.length] -= 1
    return float(np.count_nonzero(changes.cumsum()[:-1]) / len(changes[:-1]))


def _longest(names: RunIds, beyond: int, parts: Sequence[slice]) -> list[Run]:
    """The longest run of each text. Each text has runs with a name; none has a run of `beyond` symbols."""
    runs, bounds = [_first(names, part) for part in parts], [beyond] * len(parts)
    while undecided := [number for number, run in enumerate(runs) if bounds[number] - run.length > 1]:
        middle = (runs[undecided[0]].length + bounds[undecided[0]]) // 2
        longer = names.extend(middle)
        for number in undecided:  # one pass over the training text serves all texts
            if runs[number].length < middle < bounds[number]:
                if _any(longer, parts[number]):
                    runs[number] = _first(longer, parts[number])
                else:
                    bounds[number] = middle
    return runs


def _first(names: RunIds, part: slice) -> Run:
    """The first run of a text that has a name, and its first place in the training text."""
    position = int((names.text[part] >= 0).argmax())
    return Run(names.length, position, int((names.training == names.text[part][position]).argmax()))
