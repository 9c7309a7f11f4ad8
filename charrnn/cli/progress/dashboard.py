"""The dashboard at the bottom of a terminal while a network trains, for any size of terminal.

step 1,234/5,000 ━━━━━━━━──────────────────────────── 25% · 45 s elapsed · 2 min 20 s left
loss 1.6321 (2.355 bpc) · valid 1.7012 · gradient 0.45 of 1 (12% clipped) · ...
a line for each warning
a curve of the losses
the newest sample in the colours of its surprisals; beside the curve in a wide terminal
"""

import time
from collections.abc import Callable, Sequence
from itertools import zip_longest

from rich.text import Text

from charrnn.cli.output.wrapping import fold, fold_at_blanks, shorten, width_of
from charrnn.cli.progress.loss_curve import LossCurve
from charrnn.cli.progress.plain_lines import WARNING, sample
from charrnn.cli.progress.running_averages import RunningAverages
from charrnn.cli.progress.time_left import TimeLeft, rounded
from charrnn.durations import short_duration
from charrnn.runs.storage.history import History
from charrnn.text.characters.unit_names import Unit
from charrnn.training.events import Evaluated, Event, Finished, Recovered, Sampled, Stepped, bits
from charrnn.training.health import HealthMonitor

NARROW = 60  # columns: below, only the essential is shown
MIN_BAR = 10  # columns of the bar; the time elapsed is left out if there is no room for it
WIDE = 110  # columns: from here on curve and sample are side by side
CURVE_ROWS, SAMPLE_ROWS = 6, 8  # with their headings
MIN_ROWS = 4  # of the curve
CURVE_EVERY = 1.0  # seconds between two drawings of the curve
FILLED = "color(71)"
NOT_DRAWN: tuple[float, tuple[int, int], list[Text]] = (0.0, (0, 0), [])
NOT_WRAPPED: tuple[int, list[Text]] = (0, [])
GAP = 3  # columns between the curve and the sample


class Dashboard:
    """Reads the events of a training, and renders them as lines at any time."""

    def __init__(
        self,
        steps: int,
        done: int,
        max_grad_norm: float | None,
        clock: Callable[[], float] = time.monotonic,
        unit: Unit = "char",
        *,
        history: History | None = None,
        eval_every: int = 1,
        windows_to_validate: float = 0.0,
    ) -> None:
        """`done`: the steps made before, by a training that is resumed, and their `history`. See TimeLeft for the last
        two.
        """
        self._steps, self._clock = steps, clock
        self.unit = unit
        self._done = done
        self._began = clock()
        self._time_left = TimeLeft(steps, done, eval_every, windows_to_validate, self._began)
        self._ended = False
        self._averages, self._health, self._curve = (
            RunningAverages(max_grad_norm, unit),
            HealthMonitor(),
            LossCurve(history),
        )
        if history is not None and history.evaluated_steps.size:
            step, loss = int(history.evaluated_steps[-1]), float(history.evaluated_losses[-1])
            self._averages.add(Evaluated(step, "valid", loss, bits(loss), best=False))
        self._sample: Sampled | None = None
        self._drawn = NOT_DRAWN
        self._wrapped = NOT_WRAPPED

    def read(self, event: Event, at: float | None = None) -> list[str]:
        """Read an event; returns the warnings that begin with it. `at`: when it happened, by the clock; None: now."""
        at = self._clock() if at is None else at
        self._averages.add(event)
        if isinstance(event, Stepped):
            self._time_left.step(event.step, at)
        else:
            self._time_left.other(isinstance(event, Evaluated), at)
        match event:
            case Stepped():
                self._done = event.step
                self._curve.add(event.step, event.loss)
            case Evaluated():
                self._curve.add_evaluation(event.step, event.loss)
            case Recovered():
                self._done = event.step
                self._time_left.rewind_to(event.step)
                self._curve.rewind_to(event.step)
            case Sampled():
                self._sample, self._wrapped = event, NOT_WRAPPED
            case Finished():  # the last picture shows the whole curve
                self._drawn = NOT_DRAWN
                self._ended = event.reason != "stopped"
        return self._health.observe(event)

    def pause(self, seconds: float) -> None:
        """The program was stopped for this time, which does not count for the time left."""
        self._time_left.pause(seconds)

    def lines(self, width: int, height: int) -> list[Text]:
        """The lines for a terminal of `width` columns and `height` rows; none is longer than it is wide."""
        nothing_made = self._ended and self._averages.last is None
        parts = [] if nothing_made else self._averages.figures()
        figures = [Text(line) for line in join_parts(parts, width)]
        wrong = [_first_line(Text(line, WARNING), width) for line in self._health.warnings.values()]
        head = [self._bar(width), *figures, *wrong]
        below = self._curve_and_sample(width, height - 2 - len(head))
        lines = [*head, Text(""), *below] if below else head
        return [shorten(line, width) for line in lines[: max(1, height - 1)]]

    def _bar(self, width: int) -> Text:
        share = self._done / self._steps
        before = f"step {self._done:,}/{self._steps:,}" if width >= NARROW else f"{self._done:,}/{self._steps:,}"
        elapsed = f"{short_duration(int(self._clock() - self._began))} elapsed"
        after = [f"{share:.0%}", elapsed, self._left()] if width >= NARROW else [self._left()]
        after = [part for part in after if part]
        for part, room in ((elapsed, MIN_BAR), (self._left(), 0)):
            if part in after and len(before) + len("  " + " · ".join(after)) + room > width:
                after.remove(part)
        end = " · ".join(after)
        end = f" {end}" if end else ""
        columns = max(0, width - len(before) - 1 - len(end))
        filled = int(share * columns)
        bar = ("━" * filled, FILLED), ("─" * (columns - filled), "dim")
        return Text.assemble(f"{before} ", *bar, end if columns else end.lstrip())

    def _left(self) -> str:
        if self._ended:
            return ""
        seconds = self._time_left.seconds
        return "measuring" if seconds is None else f"{short_duration(rounded(seconds))} left"

    def _curve_and_sample(self, width: int, rows: int) -> list[Text]:
        if rows < MIN_ROWS:
            return []
        if width >= WIDE:
            columns = (width - GAP) // 2
            height = min(rows, max(CURVE_ROWS, SAMPLE_ROWS))
            return side_by_side(self._curve_of(columns, height), self._sample_of(columns, height), columns + GAP)
        spare = rows - CURVE_ROWS - 1
        if spare < MIN_ROWS:
            return list(self._curve_of(width, min(rows, CURVE_ROWS)))
        curve, text = self._curve_of(width, CURVE_ROWS), self._sample_of(width, min(spare, SAMPLE_ROWS))
        return [*curve, *([Text("")] if curve and text else []), *text]

    def _curve_of(self, columns: int, rows: int) -> list[Text]:
        """A heading and the curve, redrawn only now and then."""
        at, size, drawn = self._drawn
        if not drawn or size != (columns, rows) or self._clock() - at > CURVE_EVERY:
            drawn = self._curve.draw(columns, rows - 1)
            self._drawn = self._clock(), (columns, rows), drawn
        return drawn

    def _sample_of(self, columns: int, rows: int) -> list[Text]:
        """A heading and the sample, always `rows` rows, so that what is below does not move."""
        if self._sample is None:
            return []
        width, wrapped = self._wrapped
        if width != columns:
            wrapped = fold(sample(self._sample), columns)
            self._wrapped = columns, wrapped
        heading = Text(f"a sample, after step {self._sample.step:,}", "dim")
        return [heading, *wrapped[: rows - 1], *[Text("")] * (rows - 1 - len(wrapped))]


def join_parts(parts: Sequence[str], width: int) -> list[str]:
    """The parts with dots between them, in as few lines as possible; no part is cut."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(" · ") + len(part) <= width:
            lines[-1] += f" · {part}"
        else:
            lines.append(part)
    return lines


def side_by_side(left: Sequence[Text], right: Sequence[Text], column: int) -> list[Text]:
    """Two blocks side by side, the second from a column on, or from the edge if the first is empty."""
    if not left:
        return list(right)
    lines = []
    for one, other in zip_longest(left, right, fillvalue=Text("")):
        line = one.copy()
        line.pad_right(max(0, column - one.cell_len))
        lines.append(line.append_text(other))
    return lines


def _first_line(line: Text, width: int) -> Text:
    """As much of a line as fits, cut at a blank; the whole of it is above the dashboard."""
    first, *more = fold_at_blanks(line, width)
    return (
        (first if width_of(first.plain) + 2 <= width else fold_at_blanks(line, width - 2)[0]).append(" …")
        if more
        else first
    )
