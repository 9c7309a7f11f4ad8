"""The trials of a sweep: for each training the values that vary, and its whole configuration.

A grid has every combination of values. Random trials draw each value independently, so that few trainings try many
values of the keys that matter (Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 2012).
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.config import typed_values, yaml
from charrnn.config.resolve import OptionValues, flatten, override, resolve, with_encodings
from charrnn.config.schema import END_KEYS, Config
from charrnn.errors import ConfigError
from charrnn.words import parameter

MAX_TRIALS = 10_000
DECADE = 10.0  # a range that spans a decade is sampled uniformly in its logarithm
DRAWN_DIGITS = 3  # significant digits of a drawn number, so that names and tables can show the exact value
(STEPS, EPOCHS), THREADS = END_KEYS, "runtime.threads"


@dataclass(frozen=True)
class Choice:
    """A key and its values."""

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """A key whose values are drawn from `low` to `high`, both included."""

    key: str
    low: float
    high: float


Axis = Choice | Range


@dataclass(frozen=True)
class Trial:
    """A training: its values of the varying keys, and its configuration."""

    values: Mapping[str, Any]
    config: Config


def parse_axes(grids: Sequence[str]) -> list[Axis]:
    """The axes that KEY=A,B,C and KEY=LOW..HIGH describe. Raises ConfigError, also for a key given twice."""
    found: dict[str, Axis] = {}
    for grid in grids:
        axis = _axis(grid)
        if axis.key in found:
            raise _mistake(grid, f"{axis.key} is given twice; write all its values in one, with commas")
        found[axis.key] = axis
    return list(found.values())


def trials(
    axes: Sequence[Axis],
    config: str | None,
    settings: Sequence[str],
    options: OptionValues,
    random: int | None,
    seed: int,
    encoding: Sequence[str] = (),
) -> list[Trial]:
    """Every combination of the axes, or `random` draws from them: all different and valid, each on one core by default.
    `encoding`: further encodings of the text's files.

    Raises ConfigError for an unknown key, a value out of its range, a range without `random`, and more than MAX_TRIALS
    trials.
    """
    _require_few(axes, random)
    first = {axis.key: axis.low if isinstance(axis, Range) else axis.values[0] for axis in axes}
    _require_set_once(first, settings, options)
    if encoding and "data.encoding" in first:
        raise _both("data.encoding", parameter("encoding"))
    base = with_encodings(resolve(config, settings, {**options, **_options(first)}), encoding).config
    known = dict(flatten(base))
    _require_leaves(axes, known)
    if base.runtime.threads is None and THREADS not in first:
        base = base.with_values("runtime", threads=1)
    for axis in axes:
        if isinstance(axis, Range):
            override(base, _options({axis.key: axis.high}))
    whole = {axis.key for axis in axes if isinstance(known[axis.key], int)}
    combinations = _grid(axes) if random is None else _draws(axes, whole, random, seed)
    found = (_trial(base, values) for values in combinations)
    return list({tuple(map(repr, trial.values.values())): trial for trial in found}.values())


def _axis(grid: str) -> Axis:
    key, equals, text = grid.partition("=")
    key = key.strip()
    if not equals or not key:
        raise _mistake(grid, f"must be KEY=A,B,C, for example {parameter('grids')} model.hidden_size=64,128,256")
    values = typed_values.values(key, text)
    if values is None:
        raise _mistake(grid, "not values separated by commas; quote a value that contains a comma or a bracket")
    if not values:
        raise _mistake(grid, "no value; write KEY=A,B,C")
    ends = _ends(values[0]) if len(values) == 1 and not typed_values.is_text(key) else None
    if ends is None:
        return Choice(key, tuple(values))
    if not ends[0] < ends[1]:
        raise _mistake(grid, "a range goes from a lower number to a higher one")
    return Range(key, *ends)


def _mistake(grid: str, problem: str) -> ConfigError:
    return ConfigError(f"{parameter('grids')} {grid}: {problem}")


def _both(key: str, option: str) -> ConfigError:
    return ConfigError(f"{parameter('grids')} {key} and {option} set the same; leave out one of them")


def _ends(value: Any) -> tuple[float, float] | None:
    """The numbers of LOW..HIGH; None for anything else."""
    parts = value.split("..") if isinstance(value, str) else []
    try:
        numbers = [yaml.scalar(part) for part in parts]
    except ConfigError:
        return None
    are_numbers = len(numbers) == 2 and all(type(number) in (int, float) for number in numbers)
    return (numbers[0], numbers[1]) if are_numbers and all(map(math.isfinite, numbers)) else None


def _require_few(axes: Sequence[Axis], random: int | None) -> None:
    for axis in axes:
        if isinstance(axis, Range) and random is None:
            grid = f"{axis.key}={axis.low:g}..{axis.high:g}"
            raise _mistake(grid, f"a range has infinitely many values; draw from it with {parameter('random')} N")
    count = math.prod(len(axis.values) for axis in axes if isinstance(axis, Choice)) if random is None else random
    if count > MAX_TRIALS:
        raise ConfigError(
            f"{count:,} trainings; a sweep has at most {MAX_TRIALS:,}; name fewer values, or draw with {parameter('random')} N"
        )


def _require_leaves(axes: Sequence[Axis], known: Iterable[str]) -> None:
    for axis in axes:
        if axis.key not in known:
            below = ", ".join(key for key in known if key.startswith(f"{axis.key}."))
            raise _mistake(axis.key, f"a section, not a key; it has {below}")


def _grid(axes: Sequence[Axis]) -> Iterator[dict[str, Any]]:
    choices = [axis.values for axis in axes if isinstance(axis, Choice)]
    for values in itertools.product(*choices):
        yield dict(zip((axis.key for axis in axes), values, strict=True))


def _require_set_once(varying: Iterable[str], settings: Sequence[str], options: OptionValues) -> None:
    """Raises ConfigError if a varying key is also set, or if one of steps and epochs varies and the other is set."""
    given = {setting.partition("=")[0].strip(): f"{parameter('settings')} {setting}" for setting in settings}
    given |= {key: option for key, (option, _) in options.items()}
    for axis, (key, option) in itertools.product(varying, given.items()):
        if key == axis or {key, axis} == set(END_KEYS):
            raise _both(axis, option)


def _draws(axes: Sequence[Axis], whole: set[str], count: int, seed: int) -> Iterator[dict[str, Any]]:
    generator = np.random.default_rng(seed)
    for _ in range(count):
        yield {axis.key: draw(axis, axis.key in whole, generator) for axis in axes}


def draw(axis: Axis, whole: bool, generator: np.random.Generator) -> Any:
    """A value of an axis; `whole` if only whole numbers are allowed."""
    if isinstance(axis, Choice):
        return axis.values[int(generator.integers(len(axis.values)))]
    low, high = axis.low, axis.high
    if low > 0 and high >= DECADE * low:
        value = math.exp(generator.uniform(math.log(low), math.log(high)))
    elif whole:
        return int(generator.integers(int(low), int(high), endpoint=True))
    else:
        value = generator.uniform(low, high)
    rounded = round(value) if whole else float(f"{value:.{DRAWN_DIGITS}g}")
    return min(max(rounded, low), high)


def _trial(base: Config, values: Mapping[str, Any]) -> Trial:
    config = override(base, _options(values))
    known = dict(flatten(config))
    return Trial({key: known[key] for key in values}, config)


def _options(values: Mapping[str, Any]) -> OptionValues:
    """The values as options of a configuration; if epochs vary and steps do not, steps are null: epochs count."""
    origin = parameter("grids")
    ends = {STEPS: (origin, None)} if EPOCHS in values and STEPS not in values else {}
    return {**ends, **{key: (origin, value) for key, value in values.items()}}
