"""Names of a sweep's runs, made of the values that vary: `learning_rate=0.003,hidden_size=256`.

They are valid on every file system: few kinds of characters, not too long, and different even if case does not count.
"""

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
        name = _name(trial)
        number = 1
        unique = name
        while unique.casefold() in found:
            number += 1
            unique = f"{name}-{number}"
        found[unique.casefold()] = unique
    return list(found.values())


def _name(trial: Mapping[str, Any]) -> str:
    keys = short_keys(list(trial))
    parts = [f"{key}={_safe(as_text(value))}" for key, value in zip(keys, trial.values(), strict=True)]
    return ",".join(parts)[:MAX_NAME_CHARS].rstrip(". ")


def _safe(text: str) -> str:
    return UNSAFE.sub("-", text).strip("-.")[:MAX_VALUE_CHARS] or "-"
