"""The most surprising characters of a text that comes in stretches, with what stands around them."""

import heapq
from dataclasses import dataclass

import numpy as np

from charrnn.network.arrays import Array
from charrnn.text.places import Places

BEFORE, AFTER = 31, 16  # characters kept around: one more than is shown, so that none is cut in two


@dataclass(frozen=True, order=True)
class Spot:
    """A character, its surprisal in nats (or what else it was ranked by), and its surroundings."""

    surprisal: float
    index: int
    line: int
    column: int
    before: str
    character: str
    after: str


class Spots:
    """Keeps the highest `count`; of equals, the later ones."""

    def __init__(self, count: int) -> None:
        self._count, self._kept, self._tail = count, list[Spot](), ""

    def add(self, characters: list[str], ranks: Array, places: Places) -> None:
        """Take in the next stretch, (n,)."""
        highest = np.argsort(ranks, kind="stable")[len(ranks) - min(self._count, len(ranks)) :]
        for place in highest.tolist():
            around = characters[max(0, place - BEFORE) : place]
            spot = Spot(
                float(ranks[place]),
                int(places.index[place]),
                int(places.line[place]),
                int(places.column[place]),
                (self._tail + "".join(around))[-BEFORE:] if place < BEFORE else "".join(around),
                characters[place],
                "".join(characters[place + 1 : place + 1 + AFTER]),
            )
            heapq.heappush(self._kept, spot)
            if len(self._kept) > self._count:
                heapq.heappop(self._kept)
        self._tail = (self._tail + "".join(characters[-BEFORE:]))[-BEFORE:]

    def highest(self) -> list[Spot]:
        """The highest first."""
        return sorted(self._kept, reverse=True)
