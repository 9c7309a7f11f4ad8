"""How long a training will still take, from how long its steps and its validations took."""

import math

MEASURED = 3.0  # seconds of steps before the first estimate
MEMORY = 60.0  # seconds: what was measured longer ago counts less and less
VALIDATION_SHARE = 1 / 3  # of the time of training on as many characters: forward only


class TimeLeft:
    """Reads when steps and other events happened. The time of a validation has its sample and its checkpoint with it.

    Before the first validation its time is estimated from how much it reads.
    """

    def __init__(self, steps: int, done: int, eval_every: int, windows_to_validate: float, now: float) -> None:
        """`windows_to_validate`: the length of the validation text, in windows of a step; 0 without validations."""
        self._steps, self._eval_every = steps, eval_every
        self._windows = windows_to_validate
        self._seconds = self._made = 0.0  # of steps, both with less weight the older they are
        self._paused, self._validations = 0.0, 0
        self._measured = 0.0
        self._began: float | None = None  # when the first steps were made
        self._last, self._done = now, done

    def step(self, step: int, now: float) -> None:
        """A step was made; of several that are read together, `now` is when the last was made. The first ones are slower
        than others, and are not counted.
        """
        passed, self._last, self._done = now - self._last, now, step
        self._began = now if self._began is None else self._began
        if now > self._began:
            decay = math.exp(-passed / MEMORY)
            self._seconds, self._made = self._seconds * decay + passed, self._made * decay + 1
            self._measured += passed

    def other(self, is_validation: bool, now: float) -> None:
        """Something else ended: a validation, or a sample or a checkpoint."""
        self._paused += now - self._last
        self._validations += is_validation
        self._last = now

    def pause(self, seconds: float) -> None:
        """The program was stopped for some time, which counts for nothing."""
        self._last += seconds

    def rewind_to(self, step: int) -> None:
        """The training went back to a step."""
        self._done = step

    @property
    def seconds(self) -> float | None:
        """The time left; None until it can be said."""
        if self._measured < MEASURED or not self._made:
            return None
        each = self._seconds / self._made
        return each * (self._steps - self._done) + self._validation(each) * self._validations_left()

    def _validation(self, step: float) -> float:
        if self._validations:
            return self._paused / self._validations
        return VALIDATION_SHARE * self._windows * step

    def _validations_left(self) -> int:
        if not self._windows:
            return 0
        return -(-self._steps // self._eval_every) - self._done // self._eval_every


def rounded(seconds: float) -> float:
    """To what can be said of the future: 5 seconds of the last minute, 10 of the last ten, else whole minutes."""
    grain = 5 if seconds < 60 else 10 if seconds < 600 else 60
    return max(1.0, round(seconds / grain) * grain) if seconds >= 2.5 else math.ceil(seconds)
