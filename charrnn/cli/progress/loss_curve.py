"""A small curve of a training's losses while it trains, in braille."""

import numpy as np
from rich.text import Text

from charrnn.cli.plots.braille import DOT, STYLES, Field, align_labels, cells_of_line, cells_of_points, draw_row
from charrnn.cli.plots.curves import limits_of_curve, moving_average, usual_window
from charrnn.runs.storage.history import History

POINTS = 512  # kept at least; in a longer training each is a mean of 2, 4, 8, ... steps
LABEL = 6  # columns of a label at the left, at least; the axis takes two more
MIN_COLUMNS = 16  # columns of a curve with its labels
TRAINING, VALIDATION = STYLES[0], STYLES[1]


class LossCurve:
    """The losses so far, downsampled so that they can be drawn often; smoothed and scaled as `charrnn plot` does."""

    def __init__(self, history: History | None = None) -> None:
        """`history`: of a training that is resumed."""
        self._steps: list[float] = []
        self._losses: list[float] = []
        self._evaluated: list[tuple[int, float]] = []
        self._first = 0
        self._together, self._sum, self._count = 1, 0.0, 0
        if history is not None:
            for step, loss in zip(history.steps.tolist(), history.losses.tolist(), strict=True):
                self.add(step, loss)
            self._evaluated = list(
                zip(history.evaluated_steps.tolist(), history.evaluated_losses.tolist(), strict=True)
            )

    def add(self, step: int, loss: float) -> None:
        """The training loss of the next step."""
        self._first = self._first or step
        self._sum, self._count = self._sum + loss, self._count + 1
        if self._count < self._together:
            return
        self._steps.append(step)
        self._losses.append(self._sum / self._count)
        self._sum, self._count = 0.0, 0
        if len(self._steps) == 2 * POINTS:
            self._steps = self._steps[1::2]
            self._losses = [(a + b) / 2 for a, b in zip(self._losses[::2], self._losses[1::2], strict=True)]
            self._together *= 2

    def add_evaluation(self, step: int, loss: float) -> None:
        """A validation loss."""
        self._evaluated.append((step, loss))

    def rewind_to(self, step: int) -> None:
        """Drop what came after a step."""
        kept = sum(each <= step for each in self._steps)
        del self._steps[kept:], self._losses[kept:]
        self._evaluated = [each for each in self._evaluated if each[0] <= step]
        self._sum, self._count = 0.0, 0
        if step < self._first:  # a resumed training may go back to before its first step here
            self._first = 0

    def draw(self, columns: int, rows: int) -> list[Text]:
        """A heading and `rows` rows, `columns` wide with their labels; nothing until there are three losses."""
        if len(self._steps) < 3 or columns < MIN_COLUMNS or rows < 2:
            return []
        x, y = np.array(self._steps, float), np.array(self._losses)
        y = moving_average(y, max(1, usual_window(int(x[-1]) - self._first + 1) // self._together))
        marked = np.array(self._evaluated, float).reshape(-1, 2)
        first = self._first
        low, high = limits_of_curve(x, y, marked[:, 0], marked[:, 1])
        labels = align_labels({0: high, rows - 1: low}, rows, LABEL)
        field = Field(float(x[-1] - first), low, high, columns - len(labels[0]), rows)
        line = cells_of_line(x - first, y, field)
        points = cells_of_points(marked[:, 0] - first, marked[:, 1], field)
        cells, marks = np.array([line, points]), np.array([np.zeros_like(points), points]) > 0
        drawn = [Text(label) + draw_row(cells[:, row], marks[:, row]) for row, label in enumerate(labels)]
        return [_heading(first, int(x[-1]), len(marked) > 0, len(labels[0]), columns), *drawn]


def _heading(first: int, last: int, evaluated: bool, gutter: int, columns: int) -> Text:
    text = Text().append(f"{'loss':>{gutter - 2}}   ", "dim").append("⠤⠤", TRAINING).append(" training", "dim")
    if evaluated:
        text.append(f"  {DOT}", VALIDATION).append(" validation", "dim")
    steps = f"  steps {first:,} to {last:,}"
    return text.append(steps if len(text) + len(steps) <= columns else "", "dim")
