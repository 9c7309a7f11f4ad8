"""The moving average of what jumps from step to step."""

import math

DECAY = 0.98  # the weight of a value falls by this factor with each that follows: about the last fifty count


class MovingAverage:
    """An exponential moving average without bias: after the first value it is that value.

    >>> average = MovingAverage()
    >>> for value in (3.0, 5.0):
    ...     average.add(value)
    >>> round(average.mean, 4)
    4.0101
    """

    def __init__(self) -> None:
        self._sum = self._weight = 0.0

    def add(self, value: float) -> None:
        """Take in the next value."""
        self._sum += (1 - DECAY) * (value - self._sum)
        self._weight += (1 - DECAY) * (1 - self._weight)

    @property
    def mean(self) -> float:
        """The average; infinite before the first value."""
        return self._sum / self._weight if self._weight else math.inf
