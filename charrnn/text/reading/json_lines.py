"""One field of a .jsonl file: each line is an object in JSON. Numbers are taken as they are written."""

import json
import re
from typing import Any

from charrnn.errors import TextError
from charrnn.text.characters.printable import quote
from charrnn.text.reading.tables import Cell, no_such_column
from charrnn.text.vocabulary import describe

NO_CHARACTERS = re.compile("[\0\ud800-\udfff]")  # a NUL, and halves of surrogate pairs
TYPES = {bool: "true or false", dict: "an object", list: "a list", str: "a text", type(None): "null"}


def read_cells(name: str, content: str, field: str) -> list[Cell]:
    """The text of each line. Raises TextError for a field that no line has, and for what is not JSON or not a text."""
    rows = [(number, _parse(name, number, line)) for number, line in _lines(content)]
    if rows and not any(field in row for _, row in rows):
        known = dict.fromkeys(key for _, row in rows for key in row)
        raise no_such_column(name, field, [*known])
    return [Cell(_text(f"{name}:{number}", row.get(field), field), number) for number, row in rows]


def column_names(content: str) -> list[str]:
    """The fields of the first line; `content` may end within a later one. Empty for what is not an object."""
    try:
        return [*next((_parse("", number, line) for number, line in _lines(content)), {})]
    except TextError:
        return []


def _lines(content: str) -> list[tuple[int, str]]:
    """The lines that are not blank, with their numbers."""
    return [(number, line) for number, line in enumerate(content.split("\n"), 1) if line.strip()]


def _parse(name: str, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise TextError(f"{name}:{number}:{error.pos + 1}: not JSON: {error.msg}") from None
    except RecursionError:
        raise TextError(f"{name}:{number}: not read: lists or objects nested too deep") from None
    if not isinstance(row, dict):
        raise TextError(f'{name}:{number}: {TYPES[type(row)]}, not an object such as {{"text": ...}}')
    return row


def _text(place: str, value: Any, field: str) -> str:
    """The text of a value; empty for null and for a field that is missing."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TextError(f"{place}: {quote(field)} is {TYPES[type(value)]}, not a text")
    if found := NO_CHARACTERS.search(value):
        raise TextError(f"{place}: {describe(found[0])} in {quote(field)}, which no text has")
    return value.replace("\r\n", "\n")
