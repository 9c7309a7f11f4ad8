"""Warnings of a training: one line when something begins to go wrong, and none while it goes on.

plateau       PLATEAU_EVALUATIONS in a row without a gain of PLATEAU_GAIN of the best loss
overfitting   OVERFITTING_EVALUATIONS since the best, the last worse by OVERFITTING_RISE of it, while the training loss
              is below what it was then
saturation    more than half of the hidden units are saturated (dead, for relu); see saturation.py
"""

from collections.abc import Iterator

from charrnn.training.events import Evaluated, Event, Recovered, Stepped, digits
from charrnn.training.moving_average import MovingAverage

PLATEAU_EVALUATIONS, PLATEAU_GAIN = 5, 0.001
OVERFITTING_EVALUATIONS, OVERFITTING_RISE = 3, 0.005
MAX_SATURATED = 0.5


class HealthMonitor:
    """Reads the events of one training; `warnings`: a line for each thing that is wrong now, by name.

    >>> monitor = HealthMonitor()
    >>> monitor.observe(Evaluated(step=100, split="valid", loss=2.0, bpc=2.9, best=True, saturated=0.75))
    ['saturation: 75% of the hidden units are saturated, and pass on hardly any gradient: a lower learning rate would help']
    """

    def __init__(self) -> None:
        self.warnings: dict[str, str] = {}
        self._reset()

    def _reset(self) -> None:
        self._loss = MovingAverage()  # of training
        self._best: tuple[int, float, float] | None = None  # step, validation loss, training loss
        self._since_best = self._since_better = 0
        self._level = float("inf")  # the validation loss from which a plateau is measured

    def observe(self, event: Event) -> list[str]:
        """Take in an event. Returns the warnings that begin with it."""
        match event:
            case Stepped():
                self._loss.add(event.loss)
            case Recovered():
                self._reset()
            case Evaluated():
                self._update_best(event)
                before, self.warnings = self.warnings, dict(self._find_warnings(event))
                return [line for name, line in self.warnings.items() if name not in before]
        return []

    def _update_best(self, event: Evaluated) -> None:
        if self._best is None or event.loss < self._best[1]:
            self._best, self._since_best = (event.step, event.loss, self._loss.mean), 0
        else:
            self._since_best += 1
        if event.loss < self._level * (1 - PLATEAU_GAIN):
            self._level, self._since_better = event.loss, 0
        else:
            self._since_better += 1

    def _find_warnings(self, event: Evaluated) -> Iterator[tuple[str, str]]:
        assert self._best is not None, "an evaluation has been read"
        step, valid, loss = self._best
        is_worse = self._since_best >= OVERFITTING_EVALUATIONS and event.loss > valid * (1 + OVERFITTING_RISE)
        if is_worse and self._loss.mean < loss:
            yield (
                "overfitting",
                f"overfitting: validation {digits(event.loss)}, at best {digits(valid)} (step {step:,}), while the training loss falls: "
                "more dropout, more text or a smaller network would help; best.safetensors is kept",
            )
        elif self._since_better >= PLATEAU_EVALUATIONS:
            yield (
                "plateau",
                f"plateau: no better for {self._since_better} validations, at best {digits(valid)} (step {step:,})",
            )
        if event.saturated is not None and event.saturated > MAX_SATURATED:
            yield (
                "saturation",
                f"saturation: {event.saturated:.0%} of the hidden units are saturated, and pass on hardly any gradient: "
                "a lower learning rate would help",
            )
