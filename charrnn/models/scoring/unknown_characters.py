"""The characters of a text that a model has no symbol for."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from charrnn.models.encoded_text import Block
from charrnn.text.vocabulary import describe

MAX_CHARACTERS_SHOWN = 10


def count_unknown(block: Block) -> Counter[str]:
    """The count of each unknown character in a block of one text."""
    at = np.flatnonzero(block.unknown[0, block.unseen :])
    return Counter(str(block.characters[index]) for index in at.tolist())


def describe_unknown(counts: Mapping[str, int]) -> str:
    """The most frequent ones, in a line."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [
        describe(character) + (f" {count:,} times" if count > 1 else "")
        for character, count in ranked[:MAX_CHARACTERS_SHOWN]
    ]
    more = len(ranked) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
