"""The running figures of a training."""

from charrnn.learning.events import Evaluated, Event, Stepped, bits

SMOOTHING = 0.98  # of loss, speed, gradient norm and share clipped: about the last fifty steps


class Averages:
    """The last step, the validation losses, and the means of what jumps from step to step."""

    def __init__(self, max_grad_norm: float | None = None) -> None:
        self.last: Stepped | None = None
        self.valid: Evaluated | None = None
        self.best: Evaluated | None = None
        self._bound = max_grad_norm
        self._sums = {"loss": 0.0, "speed": 0.0, "clipped": 0.0, "norm": 0.0}
        self._weight = 0.0

    def add(self, event: Event) -> None:
        """Take note of a step or an evaluation."""
        if isinstance(event, Stepped):
            self.last = event
            values = (event.loss, event.chars_per_second, float(event.clipped), event.grad_norm)
            for name, value in zip(self._sums, values, strict=True):
                self._sums[name] = SMOOTHING * self._sums[name] + (1 - SMOOTHING) * value
            self._weight = SMOOTHING * self._weight + 1 - SMOOTHING
        elif isinstance(event, Evaluated):
            self.valid = event
            self.best = event if event.best else self.best

    def __getitem__(self, name: str) -> float:
        return self._sums[name] / self._weight

    def figures(self) -> list[str]:
        """The figures in words, the most important first."""
        if self.last is None:
            return ["starting"]
        loss, bound = self["loss"], "" if self._bound is None else f" of {self._bound:g}"
        return [
            f"loss {loss:.4f} ({bits(loss):.3f} bpc)",
            *([] if self.valid is None else [f"valid {self.valid.loss:.4f}"]),
            f"gradient {self['norm']:.2f}{bound} ({self['clipped']:.0%} clipped)",
            f"rate {self.last.learning_rate:.2e}",
            f"{self['speed'] / 1000:,.0f}k characters/s",
            f"epoch {self.last.epoch:.2f}",
        ]
