"""The surprisal of each character of a text that comes in blocks, in constant memory.

A generator finds the same surprisals for the same characters: both begin after Vocabulary.begin_id. In a list of
documents the ends after the first are scored, as characters named "<end>".
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from charrnn.errors import TextError
from charrnn.models.encoded_text import EncodedText
from charrnn.models.html.surprisal import coloured_text
from charrnn.models.mixture.components import Component, scorers
from charrnn.models.mixture.scorer_mixture import MixtureScorer
from charrnn.network.arrays import Array
from charrnn.text.characters.printable import quote
from charrnn.text.characters.utf_8 import character_starts, decode_character
from charrnn.text.positions import NO_PLACES, Places
from charrnn.text.vocabulary import Vocabulary
from charrnn.words import plural

UNKNOWN_COST = math.log(0x110000 - 0x800)  # nats: a blind guess among all characters that Unicode could have
MAX_REPR_CHARS = 30  # of a text, in its repr


@dataclass(frozen=True, repr=False)
class ScoredText:
    """A stretch of text: its characters, and the surprisal of each, (n,), in nats. What is not UTF-8 is U+FFFD.

    `units`: the number of characters, or for a byte model of bytes.
    """

    characters: list[str]
    surprisals: Array
    units: int
    starts: Places = NO_PLACES  # which of the characters begin a file or a document

    def __repr__(self) -> str:
        text = "".join(self.characters[:MAX_REPR_CHARS])
        more = "..." if len(self.characters) > MAX_REPR_CHARS else ""
        return (
            f"<ScoredText {quote(text)}{more}: {plural(len(self.characters), 'character')}, {self.loss:.4f} nats each>"
        )

    def _repr_html_(self) -> str:
        """How a notebook shows it: each character in the colour of its surprisal."""
        return coloured_text(self.characters, self.surprisals, self.loss)

    @property
    def nats(self) -> float:
        """The surprisal of the whole text: -ln of its probability."""
        return float(self.surprisals.sum(dtype=np.float64))

    @property
    def loss(self) -> float:
        """The mean surprisal, in nats per character."""
        return float(self.surprisals.mean(dtype=np.float64))


def score(
    components: Sequence[Component],
    weights: Sequence[float],
    vocabulary: Vocabulary,
    text: EncodedText,
) -> Iterator[ScoredText]:
    """Score a text with all components together. Raises DivergedError if a surprisal is not finite."""
    with scorers(components, text.characters) as reading:
        scorer, held = MixtureScorer(reading, weights), _PendingBytes()
        for number, block in enumerate(text.blocks()):
            found = scorer.score(block.ids)
            if number == 0 and not block.unseen:
                found = with_first(found, len(vocabulary))
            found = np.where(block.unknown[0, block.unseen :], UNKNOWN_COST, found[0])
            if vocabulary.unit == "char":
                yield ScoredText([*map(str, block.characters)], found, len(found), block.starts)
            else:
                yield from held.read(block.ids[0, block.unseen :].tobytes(), found, block.starts)
        yield from held.rest()


def as_characters(data: bytes, surprisals: Array) -> ScoredText:
    """A whole text of bytes, (n,), at least one, as characters, each with the sum of its bytes' surprisals, (n,)."""
    held = _PendingBytes()
    return join([*held.read(data, surprisals, NO_PLACES), *held.rest()])


def with_first(surprisals: Array, vocab_size: int) -> Array:
    """The surprisals, (k, n), after that of an unpredicted first character: a blind guess among all symbols."""
    return np.insert(surprisals, 0, math.log(vocab_size), axis=1)


def join(stretches: Iterable[ScoredText]) -> ScoredText:
    """One stretch from several that follow each other. Raises TextError if there are no characters."""
    parts = list(stretches)
    if not parts:
        raise TextError("a text to be scored needs at least 1 character; found 0")
    return ScoredText(
        [character for part in parts for character in part.characters],
        np.concatenate([part.surprisals for part in parts]),
        sum(part.units for part in parts),
    )


class _PendingBytes:
    """Bytes, of which the last ones may be the beginning of a character."""

    def __init__(self) -> None:
        self._data, self._surprisals, self._starts = b"", np.empty(0), NO_PLACES

    def read(self, data: bytes, surprisals: Array, starts: Places) -> Iterator[ScoredText]:
        """The whole characters so far, each with the sum of its bytes' surprisals. No character crosses into the next
        file.
        """
        if len(starts.at):
            yield from self.rest()
            self._starts = starts
        self._data, self._surprisals = self._data + data, np.append(self._surprisals, surprisals)
        begins = character_starts(self._data)
        yield from self._cut(begins[:-1], int(begins[-1]))

    def rest(self) -> Iterator[ScoredText]:
        """The bytes that are left at the end."""
        yield from self._cut(character_starts(self._data), len(self._data))

    def _cut(self, begins: Array, end: int) -> Iterator[ScoredText]:
        if not end:
            return
        characters = [decode_character(self._data[start:stop]) for start, stop in pairwise([*begins.tolist(), end])]
        yield ScoredText(characters, np.add.reduceat(self._surprisals[:end], begins), end, self._starts)
        self._data, self._surprisals, self._starts = self._data[end:], self._surprisals[end:], NO_PLACES
