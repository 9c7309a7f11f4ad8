"""Sizes by the length of the text: where the configuration says null, the length of the training split decides.

A network soon knows a short text by heart, so a short text gets a small network, more dropout and many passes. A long
text gets a large network, and as many passes as make MAX_CHARACTERS_READ characters. Only the length matters: the same
text gets the same sizes on every machine. Measurements: "What was tried" in tests/benchmarks/published/README.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charrnn.config.schema import Config, SizedConfig
from charrnn.text.characters.unit_names import amount
from charrnn.words import parameter

TYPICAL_LENGTH = 1_000_000  # characters, if there is no text
MAX_CHARACTERS_READ = 24_000_000  # characters in all: a quarter of an hour of the largest network on two cores
DIGITS = 3  # significant digits of a number of epochs
MIN_WINDOWS_PER_PASS = 16  # a page is learned by many updates of few streams, not by few updates of many


@dataclass(frozen=True)
class SizePreset:
    """The sizes for a training split of at most `most` characters."""

    most: float
    hidden_size: int
    dropout: float
    weight_dropout: float
    label_smoothing: float
    batch_size: int
    epochs: float


PRESETS = (
    SizePreset(60_000, 192, 0.4, 0.3, 0.02, 16, 60.0),
    SizePreset(175_000, 256, 0.3, 0.3, 0.02, 16, 30.0),
    SizePreset(600_000, 256, 0.15, 0.2, 0.01, 32, 20.0),
    SizePreset(6_000_000, 384, 0.15, 0.15, 0.02, 32, 40.0),
    SizePreset(float("inf"), 384, 0.0, 0.0, 0.0, 32, 40.0),
)
LABELS = {
    "model.hidden_size": "{} units",
    "model.dropout": "dropout {}",
    "model.weight_dropout": "weight dropout {}",
    "training.label_smoothing": "label smoothing {}",
    "training.batch_size": "batch size {}",
}
EPOCHS = "training.epochs"  # not in LABELS: a number of steps or a time may override it
KEYS = (*LABELS, EPOCHS)
"""The dotted keys that may be null."""


def missing_sizes(config: Config) -> list[str]:
    """The keys that are null: the length of the text decides them."""
    return [key for key in KEYS if _value(config, key) is None]


def fill_sizes(config: Config, characters: int) -> SizedConfig:
    """The configuration with a number for each size that is null, for a training split of this many characters."""
    sizes = _sizes(characters, config.training.sequence_length)
    for key in missing_sizes(config):
        section, name = key.split(".")
        config = config.replaced(section, **{name: sizes[key]})
    return SizedConfig.model_validate(config.model_dump())


def describe_sizes(asked: Config, given: SizedConfig, characters: int) -> tuple[str, ...]:
    """One line with the sizes that the text decided; nothing if it decided none."""
    sizes = ", ".join(LABELS[key].format(_value(given, key)) for key in missing_sizes(asked) if key in LABELS)
    line = f"sized for {amount(characters, given.data.unit)} to train on: {sizes}; {parameter('settings')} KEY=VALUE or {parameter('config')} FILE choose otherwise"
    return (line,) if sizes else ()


def _value(config: Config, key: str) -> Any:
    section, name = key.split(".")
    return getattr(getattr(config, section), name)


def _sizes(characters: int, sequence_length: int) -> Mapping[str, Any]:
    preset = _presets(characters)[-1]
    return {
        "model.hidden_size": preset.hidden_size,
        "model.dropout": preset.dropout,
        "model.weight_dropout": preset.weight_dropout,
        "training.label_smoothing": preset.label_smoothing,
        "training.batch_size": max(1, min(preset.batch_size, characters // (MIN_WINDOWS_PER_PASS * sequence_length))),
        EPOCHS: float(f"{_read(characters) / characters:.{DIGITS}g}"),
    }


def _read(characters: int) -> float:
    """Characters to read in all: the preset's epochs, but no fewer for a longer text than for a shorter one."""
    return min(
        MAX_CHARACTERS_READ, max(preset.epochs * min(characters, preset.most) for preset in _presets(characters))
    )


def _presets(characters: int) -> Sequence[SizePreset]:
    """The preset for this many characters, after those for fewer."""
    return PRESETS[: 1 + next(number for number, preset in enumerate(PRESETS) if characters <= preset.most)]
