"""The most surprising characters of a text that comes in stretches, each with its surroundings."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from charrnn.network.arrays import Array
from charrnn.text.positions import Places

BEFORE, AFTER = 31, 16  # characters kept around it: one more than is shown, so that none is cut in two


@dataclass(frozen=True, order=True)
class Surprise:
    """A character, its surprisal in nats (or other rank), its place (see Places) and its surroundings."""

    surprisal: float
    index: int
    file: int
    line: int
    column: int
    before: tuple[str, ...]
    character: str
    after: tuple[str, ...]


class TopSurprises:
    """Keeps the `count` highest; of equals, the later ones."""

    def __init__(self, count: int) -> None:
        self._count, self._kept, self._tail = count, list[Surprise](), list[str]()

    def add(self, characters: Sequence[str], ranks: Array, places: Places) -> None:
        """Add the next stretch, (n,)."""
        # What follows the last characters of the stretch before is known only now; the order of the heap ignores it.
        beginning = tuple(characters[:AFTER])
        self._kept = [replace(spot, after=(spot.after + beginning)[:AFTER]) for spot in self._kept]
        highest = np.argsort(ranks, kind="stable")[len(ranks) - min(self._count, len(ranks)) :]
        for i in highest.tolist():
            before = [*self._tail, *characters[max(0, i - BEFORE) : i]] if i < BEFORE else characters[i - BEFORE : i]
            spot = Surprise(
                float(ranks[i]),
                int(places.at[i]),
                int(places.file[i]),
                int(places.line[i]),
                int(places.column[i]),
                tuple(before[-BEFORE:]),
                characters[i],
                tuple(characters[i + 1 : i + 1 + AFTER]),
            )
            heapq.heappush(self._kept, spot)
            if len(self._kept) > self._count:
                heapq.heappop(self._kept)
        self._tail = [*self._tail, *characters[-BEFORE:]][-BEFORE:]

    def highest(self) -> list[Surprise]:
        """The highest first."""
        return sorted(self._kept, reverse=True)
