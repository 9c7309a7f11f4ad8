"""Where characters stand in a text that comes in stretches: index from 0, line and column from 1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.text.vocabulary import END

LINE_ENDS = ("\n", END)


@dataclass(frozen=True)
class Places:
    """Of each character of a stretch, (n,)."""

    index: NDArray[np.intp]
    line: NDArray[np.intp]
    column: NDArray[np.intp]


class Walk:
    """Remembers where the last stretch ended."""

    def __init__(self) -> None:
        self._index, self._line, self._line_begins = 0, 1, 0

    def over(self, characters: Sequence[str]) -> Places:
        """The places of the next stretch."""
        index = self._index + np.arange(len(characters))
        ends = np.array([character in LINE_ENDS for character in characters], np.bool_)
        # Where the line begins that the next character stands in.
        after = np.maximum.accumulate(np.where(ends, index + 1, self._line_begins))
        begins = np.append(self._line_begins, after)[: len(index)]
        line = self._line + np.append(0, np.cumsum(ends))
        self._index += len(characters)
        self._line, self._line_begins = int(line[-1]), int(after[-1]) if len(after) else self._line_begins
        return Places(index, line[:-1], index - begins + 1)
