"""The curves of trainings: quantities, the x axis, smoothing, and downsampling."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np

from charrnn.errors import OptionError
from charrnn.runs.storage.history import Floats, History
from charrnn.text.characters.unit_names import bits_label, unit_name
from charrnn.training.events import bits, digits
from charrnn.words import plural

Axis = Literal["steps", "epochs", "time"]
UNITS = (("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0))
SHARE = 100  # 1 step in 100 is a small part of a training
BEGINNING = 0.25  # of a training: its values, far from the others, may leave the picture


@dataclass(frozen=True)
class Quantity:
    """A number that is logged at every step."""

    label: str  # {unit} is replaced: what the losses are the mean over
    values: Callable[[History], Floats]
    evaluated: Callable[[Floats], Floats] | None = None  # from the losses of evaluations; None: they have no such value
    smooth: bool = True
    noisy: bool = True  # single values, and the first ones, are far from the others
    logarithmic: bool = False


QUANTITIES = {
    "loss": Quantity("loss (nats per {unit})", lambda run: run.losses, lambda losses: losses),
    "bpc": Quantity("bits per {unit}", lambda run: _bits(run.losses), lambda losses: _bits(losses)),
    "grad_norm": Quantity("gradient norm, before clipping", lambda run: run.grad_norms, logarithmic=True),
    "clipped": Quantity("share of steps clipped", lambda run: run.clipped.astype(float), noisy=False),
    "learning_rate": Quantity("learning rate", lambda run: run.learning_rates, smooth=False, noisy=False),
}


def _bits(nats: Floats) -> Floats:
    return nats * bits(1)


@dataclass(frozen=True)
class PlottedRun:
    """A run in a plot: its name, its history, and the x of each step."""

    name: str
    history: History
    x: Floats


@dataclass(frozen=True)
class PlotData:
    """The runs of a plot, the label of its x axis, and the number of steps in the moving averages."""

    runs: Sequence[PlottedRun]
    x_label: str
    window: int

    def label(self, quantity: Quantity) -> str:
        """The label of an axis."""
        return quantity.label.format(unit=self.unit)

    @property
    def unit(self) -> str:
        """What losses are the mean over: character, byte, or both if runs differ."""
        found = dict.fromkeys(unit_name(run.history.unit, 1) for run in self.runs)
        return " or ".join(sorted(found, reverse=True))

    def curves(self, quantity: Quantity) -> list["Curve"]:
        """A curve for each run."""
        return [_curve(run, quantity, self.window) for run in self.runs]


@dataclass(frozen=True)
class Curve:
    """One quantity of one run. `smooth` is the mean over neighbouring steps; dots are evaluations, if there are any."""

    x: Floats
    raw: Floats
    smooth: Floats
    dots_x: Floats
    dots: Floats


def plot_data(paths: Sequence[Path], histories: Sequence[History], axis: Axis, window: int | None) -> PlotData:
    """The runs over steps, epochs or time. `window` None: a hundredth of the steps of the longest run.

    Raises OptionError where the time of one is not known.
    """
    x_label, places = _places(paths, histories, axis)
    runs = [PlottedRun(*run) for run in zip(_names(paths), histories, places, strict=True)]
    return PlotData(runs, x_label, window or usual_window(max(len(history.steps) for history in histories)))


def _curve(run: PlottedRun, quantity: Quantity, window: int) -> Curve:
    raw = quantity.values(run.history)
    smooth = moving_average(raw, window) if quantity.smooth else raw
    if quantity.evaluated is None:
        return Curve(run.x, raw, smooth, np.empty(0), np.empty(0))
    places = np.interp(run.history.evaluated_steps, run.history.steps, run.x)
    return Curve(run.x, raw, smooth, places, quantity.evaluated(run.history.evaluated_losses))


def usual_window(steps: int) -> int:
    """The number of steps in a mean: a hundredth of all."""
    return max(1, steps // SHARE)


def moving_average(values: Floats, window: int) -> Floats:
    """The mean over `window` neighbours, half of them on each side, so that a curve does not lag; fewer at the ends.

    A sum over a window is a sum over the end of a block plus one over the beginning of the next. Nothing is subtracted,
    so a huge value spoils only the means that contain it.
    """
    count = len(values)
    window = min(window, 2 * count)
    before, after = (window - 1) // 2, window // 2
    padded = np.zeros(-(-(count + window) // window) * window)
    padded[before : before + count] = values
    blocks = padded.reshape(-1, window)
    beginnings, ends = blocks.cumsum(axis=1).ravel(), blocks[:, ::-1].cumsum(axis=1)[:, ::-1].ravel()
    index = np.arange(count)
    sums = beginnings[index + window - 1] + np.where(index % window, ends[index], 0.0)
    means: Floats = sums / (np.minimum(index + after, count - 1) - np.maximum(index - before, 0) + 1)
    return means


def downsample_min_max(x: Floats, y: Floats, columns: int) -> tuple[Floats, Floats]:
    """The lowest and the highest point in each of `columns` parts of the curve: a line through them looks the same."""
    if len(x) <= 2 * columns:
        return x, y
    bounds = np.linspace(0, len(x), columns + 1).astype(int)
    parts = [y[start:end] for start, end in pairwise(bounds)]
    ends = [sorted((int(part.argmin()), int(part.argmax()))) for part in parts]
    kept = (bounds[:-1, None] + np.array(ends)).ravel()
    return x[kept], y[kept]


def y_limits(quantity: Quantity, curves: Sequence[Curve], with_raw: bool = False) -> tuple[float, float]:
    """The lowest and the highest value to show. `with_raw`: the single values are drawn, too; of a noisy quantity one
    in a hundred may leave the picture at either end.
    """
    if not quantity.noisy:
        values = np.concatenate([found.raw for found in curves])
        return float(values.min()), float(values.max())
    limits = [limits_of_curve(found.x, found.smooth, found.dots_x, found.dots) for found in curves]
    if with_raw:
        later = (found.raw[int(BEGINNING * len(found.raw)) :] for found in curves)
        limits += [(float(low), float(high)) for low, high in (np.quantile(raw, [0.01, 0.99]) for raw in later)]
    lows, highs = zip(*limits, strict=True)
    return min(lows), max(highs)


def limits_of_curve(x: Floats, smooth: Floats, dots_x: Floats, dots: Floats) -> tuple[float, float]:
    """The lowest and the highest value to show of a curve of means and of its evaluations.

    The steep fall of the beginning may leave the picture: what comes later has at least half of the height. The newest
    mean and every evaluation after the first quarter are in it.
    """
    values = np.concatenate([smooth, dots])
    low, later = float(values.min()), dots[dots_x > x[0] + BEGINNING * (x[-1] - x[0])]
    usual = float(np.sort(smooth)[int((1 - BEGINNING) * (len(smooth) - 1))])  # np.quantile begins with an import
    high = max(low + 2 * (usual - low), float(smooth[-1]), *later.tolist())
    return low, min(high, float(values.max()))


def _names(runs: Sequence[Path]) -> list[str]:
    """The names of their directories, or the whole paths if two names are equal."""
    short = [run.resolve().name for run in runs]
    return short if len(set(short)) == len(short) else [str(run) for run in runs]


def _places(paths: Sequence[Path], histories: Sequence[History], axis: Axis) -> tuple[str, list[Floats]]:
    """The label of the axis with its unit, and the x of each step of each run."""
    if axis == "steps":
        return "steps", [history.steps.astype(float) for history in histories]
    if axis == "epochs":
        return "epochs", [history.epochs for history in histories]
    times = []
    for path, history in zip(paths, histories, strict=True):
        if history.seconds is None:
            raise OptionError(
                f"--x time: {path}: without its config.yaml, how long its steps took is not known; use --x steps, or --x epochs"
            )
        times.append(history.seconds)
    longest = max(float(seconds[-1]) for seconds in times)
    unit, length = next((pair for pair in UNITS if longest >= 2 * pair[1]), UNITS[-1])
    return f"{unit} of training, without evaluations", [seconds / length for seconds in times]


def summary(run: PlottedRun) -> str:
    """A run in one line."""
    history = run.history
    steps = plural(history.steps[-1], "step")
    if not history.best:
        return f"{run.name}: {steps}, not validated yet"
    step, loss = history.best
    return f"{run.name}: {steps}, best validation loss {digits(loss)} ({digits(bits(loss), 3)} {bits_label(history.unit)}) at step {step:,}"
