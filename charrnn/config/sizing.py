"""Sizes by the length of the text: where the configuration says null, the length of the training split decides.

A network soon knows a short text by heart, so a short text gets a small network, more dropout and many passes. A long
text gets a large network, and as many passes as make `max_characters_read` characters. Texts of 60,000 to 300,000
characters are read for the same 3.6 million: a minute on two fast cores, less than two on two slow ones; the built-in
text is one of them. Only the length matters: the same text gets the same sizes on every machine. Measurements: "What
was tried" in tests/benchmarks/published/README.md.

A fine-tune has the network of its base, few passes, and a pull towards the base that is the stronger the less the text
says. Measurements: "What was tried" in tests/benchmarks/base/README.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charrnn.config.schema import Config, SizedConfig
from charrnn.text.characters.unit_names import amount
from charrnn.words import parameter

TYPICAL_LENGTH = 1_000_000  # characters, if there is no text
DIGITS = 3  # significant digits of a number of epochs
MIN_WINDOWS_PER_PASS = 16  # a page is learned by many updates of few streams, not by few updates of many


@dataclass(frozen=True)
class SizeTable:
    """Sizes by length. `most`: the characters of the training split, at most, for each value of `presets`."""

    most: Sequence[float]
    presets: Mapping[str, Sequence[Any]]
    max_characters_read: int  # in all


FROM_SCRATCH = SizeTable(
    (60_000, 175_000, 300_000, 600_000, 6_000_000, float("inf")),
    {
        "model.hidden_size": (192, 256, 256, 256, 384, 384),
        "model.dropout": (0.4, 0.3, 0.15, 0.15, 0.15, 0.0),
        "model.weight_dropout": (0.3, 0.3, 0.2, 0.2, 0.15, 0.0),
        "training.label_smoothing": (0.02, 0.02, 0.01, 0.01, 0.02, 0.0),
        "training.batch_size": (16, 16, 32, 32, 32, 32),
        "training.l2_sp": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),  # there is no base
        "training.epochs": (60.0, 20.0, 12.0, 20.0, 40.0, 40.0),
    },
    24_000_000,  # a quarter of an hour of the largest network on two cores
)
FINE_TUNE = SizeTable(
    (7_000, 20_000, 100_000, 400_000, 2_000_000, float("inf")),
    {
        "model.dropout": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        "model.weight_dropout": (0.2, 0.2, 0.1, 0.08, 0.08, 0.0),
        "training.label_smoothing": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        "training.batch_size": (8, 8, 16, 32, 32, 32),
        "training.l2_sp": (30.0, 15.0, 5.0, 0.5, 0.2, 0.0),
        "training.epochs": (6.0, 6.0, 8.0, 6.0, 5.0, 3.0),
    },
    24_000_000,
)
KEYS = tuple(FROM_SCRATCH.presets)
"""The dotted keys that may be null."""
LABELS = {  # without epochs: a number of steps or a time may override them
    "model.hidden_size": "{} units",
    "model.dropout": "dropout {}",
    "model.weight_dropout": "weight dropout {}",
    "training.label_smoothing": "label smoothing {}",
    "training.batch_size": "batch size {}",
    "training.l2_sp": "L2-SP {}",
}


def missing_sizes(config: Config) -> list[str]:
    """The keys that are null: the length of the text decides them."""
    return [key for key in KEYS if _value(config, key) is None]


def fill_sizes(config: Config, characters: int, table: SizeTable = FROM_SCRATCH) -> SizedConfig:
    """The configuration with a number for each size that is null, for a training split of this many characters."""
    sizes = _sizes(characters, config.training.sequence_length, table)
    for key in missing_sizes(config):
        section, name = key.split(".")
        config = config.with_values(section, **{name: sizes[key]})
    return SizedConfig.model_validate(config.with_values("data", shuffle=config.data.shuffles).model_dump())


def describe_sizes(asked: Config, given: SizedConfig, characters: int) -> tuple[str, ...]:
    """One line with the sizes that the text decided; nothing if it decided none."""
    sizes = ", ".join(LABELS[key].format(_value(given, key)) for key in missing_sizes(asked) if key in LABELS)
    line = f"sized for {amount(characters, given.data.unit)} to train on: {sizes}; {parameter('settings')} KEY=VALUE or {parameter('config')} FILE choose otherwise"
    return (line,) if sizes else ()


def _value(config: Config, key: str) -> Any:
    section, name = key.split(".")
    return getattr(getattr(config, section), name)


def _sizes(characters: int, sequence_length: int, table: SizeTable) -> Mapping[str, Any]:
    """The presets for this many characters; no more streams than have MIN_WINDOWS_PER_PASS windows each."""
    column = next(number for number, most in enumerate(table.most) if characters <= most)
    found = {key: values[column] for key, values in table.presets.items()}
    streams = max(1, min(found["training.batch_size"], characters // (MIN_WINDOWS_PER_PASS * sequence_length)))
    # The preset's epochs, but no fewer characters in all for a longer text than for a shorter one.
    epochs = table.presets["training.epochs"]
    most = max(epochs[i] * min(characters, table.most[i]) for i in range(column + 1))
    in_all = min(table.max_characters_read, most)
    return found | {"training.batch_size": streams, "training.epochs": float(f"{in_all / characters:.{DIGITS}g}")}
