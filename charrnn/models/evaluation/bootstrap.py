"""The mean of surprisals that come block by block, and its 95 % interval.

Neighbouring characters are not independent: a scene in verse, a table, a name that returns. So the interval is that of
a block bootstrap: the text is cut into about √n stretches of about √n characters, and the mean is computed again over
as many stretches, drawn with replacement. It says how much the figure would vary over texts of the same kind and
length, not over networks or splits.

Source: Künsch 1989; Efron and Tibshirani 1993, section 8.6.
"""

import math

import numpy as np

from charrnn.network.arrays import Array

CELL = 64  # characters summed together, so that a text of any length fits in memory
DRAWS = 2000
MIN_STRETCHES = 10  # stretches; an interval from fewer would say little


class BootstrapMean:
    """The mean of surprisals, and its block-bootstrap interval."""

    def __init__(self) -> None:
        self._sums: list[Array] = []
        self._sizes: list[Array] = []

    def add(self, surprisals: Array) -> None:
        """Add the next surprisals of a text, or of k texts side by side, (k, n), in nats."""
        k, n = surprisals.shape
        if n:
            starts = np.arange(0, n, CELL)
            self._sums.append(np.add.reduceat(surprisals, starts, axis=1, dtype=np.float64).ravel())
            self._sizes.append(np.tile(np.diff(starts, append=n), k))

    @property
    def characters(self) -> int:
        """The number of surprisals."""
        return int(sum(sizes.sum() for sizes in self._sizes))

    @property
    def total(self) -> float:
        """Their sum, in nats."""
        return float(sum(sums.sum() for sums in self._sums))

    @property
    def mean(self) -> float:
        """Nats per character."""
        return self.total / self.characters

    def difference(self, other: "BootstrapMean") -> "BootstrapMean":
        """The differences to other surprisals of the same text, character by character."""
        made = BootstrapMean()
        made._sizes = self._sizes
        made._sums = [ours - theirs for ours, theirs in zip(self._sums, other._sums, strict=True)]
        return made

    def interval(self, seed: int = 0) -> tuple[float, float] | None:
        """The bounds of the mean in 95 of 100 draws, in nats per character; None if the text is too short."""
        per_stretch = max(1, round(math.sqrt(self.characters) / CELL))
        sums, sizes = (self._stretches(parts, per_stretch) for parts in (self._sums, self._sizes))
        if len(sums) < MIN_STRETCHES:
            return None
        generator = np.random.default_rng(seed)
        drawn = (generator.integers(0, len(sums), len(sums)) for _ in range(DRAWS))
        means = [sums[places].sum() / sizes[places].sum() for places in drawn]
        low, high = np.percentile(means, [2.5, 97.5])
        return float(low), float(high)

    @staticmethod
    def _stretches(parts: list[Array], per_stretch: int) -> Array:
        """The sums of `per_stretch` cells each; the last stretch has the rest."""
        cells = np.concatenate([np.zeros(0), *parts])
        return np.add.reduceat(cells, np.arange(0, len(cells), per_stretch))
