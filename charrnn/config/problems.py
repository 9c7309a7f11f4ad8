"""Messages for the mistakes in a configuration: the place, the key, what is wrong, what was probably meant."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from charrnn.config import typed_values
from charrnn.config.section import as_int
from charrnn.config.suggestions import key_hint, value_hint
from charrnn.text.characters.graphemes import first_graphemes
from charrnn.text.characters.printable import printable_line, quote
from charrnn.words import parameter

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
    origin = origins.get(key) or next(below, "")
    return origin, f"{key}: {_problem(details, key, origin, known).removeprefix(f'{key} ')}"


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


def _problem(details: ErrorDetails, key: str, origin: str, known: Sequence[str]) -> str:
    found = details["input"]
    if details["type"] == "extra_forbidden":
        is_typed = origin == parameter("settings") and not isinstance(found, dict)
        return f"no such key{key_hint(key, typed_values.as_text(found) if is_typed else '', known)}"
    message = _message(details)
    if isinstance(found, dict):  # a section whose values contradict each other: the message names them
        return message
    return f"{message}; found {_format(found)}{value_hint(key, found, details['type'])}"


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
