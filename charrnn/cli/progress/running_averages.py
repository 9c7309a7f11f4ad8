"""The running averages of a training."""

from charrnn.text.characters.unit_names import Unit, bits_label, unit_name
from charrnn.training.events import Evaluated, Event, Recovered, Stepped, bits, digits
from charrnn.training.moving_average import MovingAverage


class RunningAverages:
    """The last step, the last validation, and moving averages of what varies from step to step."""

    def __init__(self, max_grad_norm: float | None = None, unit: Unit = "char") -> None:
        self.last: Stepped | None = None
        self.valid: Evaluated | None = None
        self._bound, self._unit = max_grad_norm, unit
        self._forget()

    def _forget(self) -> None:
        self._loss, self._speed, self._clipped, self._norm = (MovingAverage() for _ in range(4))

    def add(self, event: Event) -> None:
        """Add a step or an evaluation; a rollback drops what came after it."""
        if isinstance(event, Stepped):
            self.last = event
            self._loss.add(event.loss)
            self._speed.add(event.chars_per_second)
            self._clipped.add(event.clipped)
            self._norm.add(event.grad_norm)
        elif isinstance(event, Evaluated):
            self.valid = event
        elif isinstance(event, Recovered):
            self.last = None
            self.valid = self.valid if self.valid and self.valid.step <= event.step else None
            self._forget()

    def figures(self) -> list[str]:
        """The figures with their names, the most important first."""
        if self.last is None:
            return ["starting"]
        loss = self._loss.mean
        bound = "" if self._bound is None else f" of {self._bound:g}"
        return [
            f"loss {digits(loss)} ({digits(bits(loss), 3)} {bits_label(self._unit)})",
            *([] if self.valid is None else [f"valid {digits(self.valid.loss)}"]),
            f"gradient {self._norm.mean:.2f}{bound} ({self._clipped.mean:.0%} clipped)",
            f"learning rate {self.last.learning_rate:.2e}",
            f"{self._speed.mean / 1000:,.0f}k {unit_name(self._unit)}/s",
            f"epoch {self.last.epoch:.2f}",
        ]
