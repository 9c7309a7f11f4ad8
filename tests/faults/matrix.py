"""Resuming gives the same bytes whatever the settings: a covering design of all of them, each training stopped twice.

Every pair of values of two settings occurs in every round of the design; the long form has several rounds.
"""

import random
from itertools import combinations
from pathlib import Path

from faults.common import Result, Tally, clear, differences, finish, start, stop_at, write_text

from charrnn import api
from charrnn.network.architecture import CELLS

STEPS = 20
RHYTHM = (f"training.steps={STEPS}", "training.eval_every=6", "training.save_every=4", "training.sample_every=7")
SETTINGS: dict[str, tuple[str, ...]] = {
    "model.cell": CELLS,
    "training.optimizer": ("sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw"),
    "training.schedule": ("constant", "linear", "cosine", "exponential", "plateau"),
    "model.dropout": ("0", "0.3"),
    "model.weight_dropout": ("0", "0.3"),
    "training.ema_decay": ("null", "0.9"),
    "training.stride": ("null", "3"),
    "model.num_layers": ("1", "2"),
    "runtime.threads": ("1", "2", "3"),
    "data": ("{unit: char}", "{unit: byte}", "{boundary: \\n}"),
    "training.precision": ("float32", "float64"),
    "training.reset_probability": ("0", "0.2"),
    "training.weight_decay": ("0", "0.1"),
    "training.max_grad_norm": ("null", "1.0"),
    "training.warmup_steps": ("0", "7"),
    "training.patience": ("null", "2"),
    "training.learning_rate": ("0.003", "0.3"),
}
CANDIDATES = 40  # rows among which the one with the most new pairs is taken
Row = dict[str, str]
Pair = tuple[tuple[str, str], tuple[str, str]]


def matrix(count: int, folder: Path, seed: int = 0) -> Result:
    """Train once undisturbed and once stopped at two random steps, for `count` combinations of settings."""
    tally, chance, text = Tally("settings resumed", seed), random.Random(seed), write_text(folder)
    rows = design(count, chance)
    for number, row in enumerate(rows):
        stops = sorted(chance.sample(range(1, STEPS), 2))
        settings = [f"{key}={value}" for key, value in row.items()]
        tally.record(f"{' '.join(settings)}, stopped at {stops}", resumed(text, folder / str(number), settings, stops))
    return tally.result(f"{len(set().union(*map(pairs, rows))):,} of {len(every_pair()):,} pairs of values")


def resumed(text: Path, folder: Path, settings: list[str], stops: list[int]) -> list[str]:
    """The differences between a training that was stopped and resumed and one that was not."""
    folder.mkdir()
    whole, parts = folder / "whole", folder / "parts"
    finish(start(text, whole, *RHYTHM, *settings))
    run = start(text, parts, *RHYTHM, *settings)
    for stop in stops:
        stop_at(run, stop)
        run = api.resume(parts)
    finish(run)
    wrong = differences(parts, whole)
    for run_directory in (whole, parts):
        clear(run_directory)
    return wrong


def design(count: int, chance: random.Random) -> list[Row]:
    """`count` combinations; each adds the most pairs that its round has not seen."""
    rows: list[Row] = []
    missing: set[Pair] = set()
    while len(rows) < count:
        missing = missing or every_pair()
        candidates = [{key: chance.choice(values) for key, values in SETTINGS.items()} for _ in range(CANDIDATES)]
        first = min(missing)  # so that the last few pairs come soon
        candidates += [{**candidate, **dict(first)} for candidate in candidates]
        rows.append(max(candidates, key=lambda row: len(pairs(row) & missing)))
        missing -= pairs(rows[-1])
    return rows


def pairs(row: Row) -> set[Pair]:
    """Each two settings of a combination."""
    return set(combinations(sorted(row.items()), 2))


def every_pair() -> set[Pair]:
    """Each two values of two settings."""
    return {
        ((one, first), (other, second))
        for one, other in combinations(sorted(SETTINGS), 2)
        for first in SETTINGS[one]
        for second in SETTINGS[other]
    }
