"""Mistakes in a configuration in words: where each is, which key, what is wrong, what was found, what was probably meant."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from charrnn.text.characters.graphemes import beginning
from charrnn.text.characters.printable import printable_line, quoted

LONGEST_SHOWN = 80  # characters of a value in a message
MOST_MISTAKES = 20  # that are told at once

Mistake = tuple[str, str]
"""Where it is (file:line or option), and what is wrong."""


def explain(details: ErrorDetails, origins: Mapping[str, str], known: Sequence[str]) -> Mistake:
    """One mistake: where it is, which key, what is wrong, what was found. `known` are all dotted keys that there are."""
    key = ".".join(part for part in details["loc"] if isinstance(part, str))
    if isinstance(details["input"], dict) and details["type"] == "value_error":  # keys that do not go together
        words = (f"{key}.{word}".lstrip(".") for word in re.findall(r"[\w.]*\w", details["msg"]))
        named = [word for word in words if word in known]
        key = next((name for name in named if origins.get(name) == "--set"), None) or next(
            (name for name in named if name in origins), key
        )
    below = (origin for other, origin in origins.items() if other.startswith(f"{key}."))
    return origins.get(key) or next(below, ""), f"{key}: {_problem(details, key, known).removeprefix(f'{key} ')}"


def report(mistakes: Sequence[Mistake], untold: int) -> str:
    """The mistakes, those of the file in the order of its lines, and how many are `untold` besides."""

    def line(mistake: Mistake) -> int:
        return int(mistake[0].rpartition(":")[2]) if ":" in mistake[0] else 0

    lines = [f"{origin}: {message}" if origin else message for origin, message in sorted(mistakes, key=line)]
    lines = [printable_line(line) for line in lines]  # a key can be any text
    if more := len(lines) + untold - MOST_MISTAKES:
        lines[MOST_MISTAKES:] = [f"... and {more:,} more"] if more > 0 else []
    total = len(mistakes) + untold
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
    close = difflib.get_close_matches(str(found), allowed, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _shown(value: Any) -> str:
    return "null" if value is None else shorten(quoted(value) if isinstance(value, str) else repr(value))


def shorten(text: str) -> str:
    """As much of a text as a message has room for."""
    return text if len(text) <= LONGEST_SHOWN else f"{beginning(text, LONGEST_SHOWN)}..."


def _nearest(key: str, known: Sequence[str]) -> str:
    """The known key that was probably meant, whichever section it stands in."""
    same_section = [other for other in known if other.rpartition(".")[0] == key.rpartition(".")[0]]
    close = difflib.get_close_matches(key, same_section or known, n=1, cutoff=0.7)
    close = close or [
        other
        for other in known
        if difflib.get_close_matches(key.rpartition(".")[2], [other.rpartition(".")[2]], cutoff=0.75)
    ]
    if close:
        return f"; did you mean {close[0]}?"
    here = [other.rpartition(".")[2] for other in same_section] or dict.fromkeys(
        other.partition(".")[0] for other in known
    )
    return f"; known here: {', '.join(here)}"
