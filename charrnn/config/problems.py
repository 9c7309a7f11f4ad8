"""Messages for the mistakes in a configuration: the place, the key, what is wrong, what was probably meant."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from charrnn.config import typed_values
from charrnn.config.section import as_int
from charrnn.text.characters.graphemes import first_graphemes
from charrnn.text.characters.printable import printable_line, quote
from charrnn.words import did_you_mean, nearest, parameter

MAX_VALUE_CHARS = 80  # characters of a value in a message
MAX_PROBLEMS = 20  # in one message

PROBLEMS = {  # by the type of pydantic's error, with fields of its context
    "model_type": "must be a section of options",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "must be valid Unicode text",
    "tuple_type": "must be a list, in brackets",
    "literal_error": "must be {expected}",
    "finite_number": "must be a finite number",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be greater than or equal to {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be less than or equal to {le}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "missing": "has too few values",
    "too_long": "has too many values: {actual_length}, and at most {max_length} are allowed",
}

ConfigProblem = tuple[str, str]
"""The place (file:line or option) and the message."""


def describe(details: ErrorDetails, origins: Mapping[str, str], known: Sequence[str]) -> ConfigProblem:
    """The place and the message of one mistake; `known` are all dotted keys."""
    key = ".".join(part for part in details["loc"] if isinstance(part, str))
    if isinstance(details["input"], dict) and details["type"] == "value_error":  # keys that contradict each other
        named = [f"{key}.{word}".lstrip(".") for word in re.findall(r"[\w.]*\w", _message(details))]
        named = [name for name in named if name in known and name in origins]
        key = min(named, key=lambda name: origins[name] != parameter("settings"), default=key)
    below = (origin for other, origin in origins.items() if other.startswith(f"{key}."))
    return origins.get(key) or next(below, ""), f"{key}: {_problem(details, key, known).removeprefix(f'{key} ')}"


def format_problems(problems: Sequence[ConfigProblem], omitted: int) -> str:
    """One message for all problems, those of a file in the order of its lines; `omitted` more are only counted."""

    def line(problem: ConfigProblem) -> int:
        return int(problem[0].rpartition(":")[2]) if ":" in problem[0] else 0

    lines = [f"{origin}: {message}" if origin else message for origin, message in sorted(problems, key=line)]
    lines = [printable_line(line) for line in lines]  # a key can be any text
    if more := len(lines) + omitted - MAX_PROBLEMS:
        lines[MAX_PROBLEMS:] = [f"... and {more:,} more"] if more > 0 else []
    total = len(problems) + omitted
    return lines[0] if total == 1 else "\n  ".join([f"{total:,} mistakes in the configuration:", *lines])


def _problem(details: ErrorDetails, key: str, known: Sequence[str]) -> str:
    found = details["input"]
    if details["type"] == "extra_forbidden":
        return f"no such key{_nearest(key, known)}"
    message = _message(details)
    if isinstance(found, dict):  # a section whose values contradict each other: the message names them
        return message
    return f"{message}; found {_format(found)}{did_you_mean(str(found), typed_values.choices(key))}"


def _message(details: ErrorDetails) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind not in PROBLEMS:
        return details["msg"]
    return PROBLEMS[kind].format(**{name: as_int(value) for name, value in context.items()})  # 0, not 0.0


def _format(value: Any) -> str:
    return "null" if value is None else shorten(quote(value) if isinstance(value, str) else repr(value))


def shorten(text: str) -> str:
    """The beginning of a text, at most MAX_VALUE_CHARS characters."""
    return text if len(text) <= MAX_VALUE_CHARS else f"{first_graphemes(text, MAX_VALUE_CHARS)}..."


def _nearest(key: str, known: Sequence[str]) -> str:
    """A hint: the known key that was probably meant, in any section, or the keys that exist here."""
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
