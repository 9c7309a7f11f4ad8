"""The surprisal of each character of a text that comes in blocks, in constant memory.

It is what a generator finds for the same characters where it writes them: both begin after what Vocabulary.begin_id says. Of a list
of documents the ends after the first are scored, as characters named "<end>".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.errors import TextError
from charrnn.learning.mixture import MixtureReader
from charrnn.network.arrays import Array
from charrnn.runs.evaluation import UNKNOWN_COST, with_first
from charrnn.runs.members import Member, readers
from charrnn.runs.passages import Block
from charrnn.text.decoding import character_starts
from charrnn.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Scored:
    """A stretch of text: its characters, and the surprisal of each, (n,), in nats. What is no UTF-8 is U+FFFD."""

    characters: list[str]
    surprisals: Array

    @property
    def loss(self) -> float:
        """The mean surprisal, in nats per character."""
        return float(self.surprisals.mean(dtype=np.float64))


def score(
    members: Sequence[Member],
    weights: Sequence[float],
    vocabulary: Vocabulary,
    blocks: Iterable[Block],
    length: int | None = None,
) -> Iterator[Scored]:
    """Read a text with all members together; `length` is about how many characters it has, where that is known.

    Raises DivergedError where a surprisal is not finite.
    """
    with readers(members, length) as reading:
        reader, held = MixtureReader(reading, weights), _Held()
        for number, block in enumerate(blocks):
            found = reader.read(block.ids)
            if number == 0 and not block.unseen:
                found = with_first(found, len(vocabulary))
            found = np.where(block.unknown[0, block.unseen :], UNKNOWN_COST, found[0])
            if vocabulary.unit == "char":
                yield Scored([*map(str, block.characters)], found)
            elif scored := held.whole(block.ids[0, block.unseen :].tobytes(), found):
                yield scored
        if held.data:
            yield held.rest()


def joined(stretches: Iterable[Scored]) -> Scored:
    """One stretch of several that follow each other. Raises TextError for a text without characters."""
    parts = list(stretches)
    if not parts:
        raise TextError("a text to be scored needs at least 1 character; found 0")
    return Scored([c for part in parts for c in part.characters], np.concatenate([part.surprisals for part in parts]))


class _Held:
    """Bytes of which the last may be the first of a character whose others are still to come."""

    def __init__(self) -> None:
        self.data, self._surprisals = b"", np.empty(0)

    def whole(self, data: bytes, surprisals: Array) -> Scored | None:
        """The whole characters so far, each with the sum of its bytes' surprisals; None where there are none yet."""
        self.data, self._surprisals = self.data + data, np.append(self._surprisals, surprisals)
        starts = character_starts(self.data)
        return self._cut(starts[:-1], starts[-1]) if len(starts) > 1 else None

    def rest(self) -> Scored:
        """What is left at the end."""
        return self._cut(character_starts(self.data), len(self.data))

    def _cut(self, starts: Array, end: int) -> Scored:
        ends = [*starts[1:], end]
        characters = [
            self.data[start:stop].decode("utf-8", "replace") for start, stop in zip(starts, ends, strict=True)
        ]
        found = np.add.reduceat(self._surprisals[:end], starts)
        self.data, self._surprisals = self.data[end:], self._surprisals[end:]
        return Scored(characters, found)
