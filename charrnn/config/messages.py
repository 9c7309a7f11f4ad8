"""Mistakes in a configuration in words: where each is, which key, what is wrong, what was found, what was probably meant."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from charrnn.text.characters.graphemes import first_graphemes
from charrnn.text.characters.printable import printable_line, quoted
from charrnn.words import did_you_mean, nearest, parameter

MAX_VALUE_CHARS = 80  # characters of a value in a message
MAX_PROBLEMS = 20  # that are told at once

ConfigProblem = tuple[str, str]
"""Where it is (file:line or option), and what is wrong."""


def describe(details: ErrorDetails, origins: Mapping[str, str], known: Sequence[str]) -> ConfigProblem:
    """One problem: where it is, which key, what is wrong, what was found. `known` are all dotted keys that there are."""
    key = ".".join(part for part in details["loc"] if isinstance(part, str))
    if isinstance(details["input"], dict) and details["type"] == "value_error":  # keys that do not go together
        words = (f"{key}.{word}".lstrip(".") for word in re.findall(r"[\w.]*\w", details["msg"]))
        named = [word for word in words if word in known]
        key = next((name for name in named if origins.get(name) == parameter("settings")), None) or next(
            (name for name in named if name in origins), key
        )
    below = (origin for other, origin in origins.items() if other.startswith(f"{key}."))
    return origins.get(key) or next(below, ""), f"{key}: {_problem(details, key, known).removeprefix(f'{key} ')}"


def format_problems(problems: Sequence[ConfigProblem], omitted: int) -> str:
    """The problems, those of the file in the order of its lines, and how many are `omitted` besides."""

    def line(problem: ConfigProblem) -> int:
        return int(problem[0].rpartition(":")[2]) if ":" in problem[0] else 0

    lines = [f"{origin}: {message}" if origin else message for origin, message in sorted(problems, key=line)]
    lines = [printable_line(line) for line in lines]  # a key can be any text
    if more := len(lines) + omitted - MAX_PROBLEMS:
        lines[MAX_PROBLEMS:] = [f"... and {more:,} more"] if more > 0 else []
    total = len(problems) + omitted
    return lines[0] if total == 1 else "\n  ".join([f"{total:,} mistakes in the configuration:", *lines])


def _problem(details: ErrorDetails, key: str, known: Sequence[str]) -> str:
    kind, found = details["type"], details["input"]
    if kind == "extra_forbidden":
        return f"no such key{_nearest(key, known)}"
    if kind == "model_type":
        return f"must be a section of options; found {_shown(found)}"
    message = details["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    for pydantics, ours in (
        ("String should have", "must have"),
        ("a valid string, unable to parse raw data as a unicode string", "text that Unicode has"),
        ("a valid integer", "a whole number"),
        ("a valid number", "a number"),
        ("a valid boolean", "true or false"),
        ("a valid string", "text"),
        ("a valid tuple", "a list, in brackets"),
    ):
        message = message.replace(pydantics, ours)
    if isinstance(found, dict):  # a section whose values do not go together: the message names them
        return message
    return f"{message}; found {_shown(found)}{_meant(found, details)}"


def _meant(found: Any, details: ErrorDetails) -> str:
    """For a word that is none of those allowed, the nearest of them."""
    allowed = re.findall(r"'([^']*)'", details.get("ctx", {}).get("expected", ""))
    return did_you_mean(str(found), allowed)


def _shown(value: Any) -> str:
    return "null" if value is None else shorten(quoted(value) if isinstance(value, str) else repr(value))


def shorten(text: str) -> str:
    """As much of a text as a message has room for."""
    return text if len(text) <= MAX_VALUE_CHARS else f"{first_graphemes(text, MAX_VALUE_CHARS)}..."


def _nearest(key: str, known: Sequence[str]) -> str:
    """The known key that was probably meant, whichever section it stands in."""
    same_section = [other for other in known if other.rpartition(".")[0] == key.rpartition(".")[0]]
    last_words = {other.rpartition(".")[2]: other for other in reversed(known)}
    word = nearest(key.rpartition(".")[2], last_words, 0.75)
    close = nearest(key, same_section or known, 0.7) or (last_words[word] if word else None)
    if close:
        return f"; did you mean {close}?"
    here = [other.rpartition(".")[2] for other in same_section] or dict.fromkeys(
        other.partition(".")[0] for other in known
    )
    return f"; known here: {', '.join(here)}"
