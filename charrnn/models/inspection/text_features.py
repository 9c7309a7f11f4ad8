"""Features of the characters of a text, without any network: a number for each, (n,), to compare units with.

Yes and no are 1 and 0. No feature looks ahead beyond the end of the line or word.
"""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Feature = NDArray[np.float64]
OPENING, CLOSING = "([{", ")]}"


def features(text: str) -> dict[str, Feature]:
    """Every feature of a text, by name."""
    return {name: measure(text) for name, measure in FEATURES.items()}


def _where(test: Callable[[str], bool]) -> Callable[[str], Feature]:
    """The characters that pass a test."""
    return lambda text: np.array([test(character) for character in text], np.float64)


def _within(pattern: str) -> Callable[[str], Feature]:
    """The characters of every match."""

    def measure(text: str) -> Feature:
        found = np.zeros(len(text))
        for match in re.finditer(pattern, text):
            found[match.start() : match.end()] = 1
        return found

    return measure


def _of_lines(measure_line: Callable[[str, str], float]) -> Callable[[str], Feature]:
    """One number for a whole line, from the line before it and the line itself."""

    def measure(text: str) -> Feature:
        lines = text.split("\n")
        values = [measure_line(before, line) for before, line in zip(["", *lines], lines, strict=False)]
        return np.array(values, np.float64)[np.cumsum(_begins_line(text)).astype(np.intp) - 1]

    return measure


def _begins_line(text: str) -> Feature:
    ends = _where(lambda character: character == "\n")(text)
    return np.append(1.0, ends)[: len(text)]


def position_in_line(text: str) -> Feature:
    """The number of characters before it in its line."""
    return _since(_begins_line(text) > 0)


def position_in_word(text: str) -> Feature:
    """For a letter, its place in its word, from 1; 0 for anything else."""
    letters = np.array([character.isalpha() for character in text], np.bool_)
    return _since(~letters)


def in_quotes(text: str) -> Feature:
    """After an opening double quotation mark and before the closing one; a blank line closes it too."""
    found, inside = np.zeros(len(text)), False
    for place, character in enumerate(text):
        if character == '"':
            inside = not inside
        elif character in "\u201c\u201d":
            inside = character == "\u201c"
        elif text.startswith("\n\n", place):
            inside = False
        found[place] = inside
    return found


def in_brackets(text: str) -> Feature:
    """The number of brackets that are open after it; a blank line closes all."""
    found, depth = np.zeros(len(text)), 0
    for place, character in enumerate(text):
        if character in OPENING:
            depth += 1
        elif character in CLOSING:
            depth = max(0, depth - 1)
        elif text.startswith("\n\n", place):
            depth = 0
        found[place] = depth
    return found


def _since(restarts: NDArray[np.bool_]) -> Feature:
    """The distance of each character to the last restart; for the first character 0 if it restarts, otherwise 1."""
    index = np.arange(len(restarts))
    first = 0 if restarts[:1].all() else -1
    return (index - np.maximum.accumulate(np.where(restarts, index, first))).astype(np.float64)


def _indentation(_: str, line: str) -> float:
    return len(line) - len(line.lstrip(" \t")) if line.strip() else 0


FEATURES: dict[str, Callable[[str], Feature]] = {
    "end of a line": _where(lambda character: character == "\n"),
    "first of its line": _begins_line,
    "position in its line": position_in_line,
    "indentation of its line": _of_lines(_indentation),
    "in a line after a blank one": _of_lines(lambda before, line: bool(line.strip()) and not before.strip()),
    "space": _where(lambda character: character == " "),
    "position in its word": position_in_word,
    "vowel": _where(lambda character: character.lower() in "aeiou"),
    "capital": _where(str.isupper),
    "in a word of capitals": _within(r"\b[^\W\d_a-z]{2,}\b"),
    "digit": _where(str.isdigit),
    "punctuation": _where(lambda character: not character.isalnum() and not character.isspace()),
    "in quotes": in_quotes,
    "in brackets": in_brackets,
}
