"""Names of a sweep's runs, made of the values that vary: `learning_rate=0.003,hidden_size=256`.

They are valid on every file system: few kinds of characters, not too long, and different even if case does not count.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from charrnn.config.typed_values import as_text

MAX_VALUE_CHARS, MAX_NAME_CHARS = 24, 100  # a file name has at most 255 bytes
UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")


def short_keys(keys: Sequence[str]) -> list[str]:
    """The keys without their sections, if they are still all different."""
    short = [key.rpartition(".")[2] for key in keys]
    return short if len(set(short)) == len(short) else list(keys)


def names(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for the values of each trial, all different; the same trials always get the same names."""
    found: dict[str, str] = {}  # by its form on a file system that ignores case
    for trial in trials:
        unique = name = _name(trial)
        numbers = itertools.count(2)
        while unique.casefold() in found:
            unique = f"{name}-{next(numbers)}"
        found[unique.casefold()] = unique
    return list(found.values())


def _name(trial: Mapping[str, Any]) -> str:
    keys = short_keys(list(trial))
    values = [UNSAFE.sub("-", as_text(value)).strip("-.")[:MAX_VALUE_CHARS] or "-" for value in trial.values()]
    parts = [f"{key}={value}" for key, value in zip(keys, values, strict=True)]
    return ",".join(parts)[:MAX_NAME_CHARS].rstrip(". ")
