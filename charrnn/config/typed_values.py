"""Values as a person types them after KEY=, in `--set` and in a sweep's `--grid`.

For a key whose type is text, the value is what was typed, character for character, except that `null` alone means null
if the key may be null. Every other value is read as in a configuration file: true and false, null, lists and mappings;
and numbers also as people type them (see typed_numbers.py). In a grid, commas separate values, and `\\,` is a comma
inside a text.
"""

import json
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from charrnn.config import typed_numbers, yaml
from charrnn.config.schema import Config
from charrnn.errors import ConfigError

NULL = "null"
NULLS = (NULL, "Null", "NULL", "~")


def value(key: str, text: str) -> Any:
    """The value of one dotted key. What cannot be read stays text: the configuration refuses it and names the key."""
    if is_text(key):
        return None if text == NULL and may_be_null(key) else text
    if choices(key):
        return _plain(text)
    try:
        found = yaml.scalar(text)
    except ConfigError:
        return _number(key, text)
    if found is None and text.strip() not in NULLS:
        return text
    typed = _number(key, text) if isinstance(found, str) else found
    return found if typed is text else typed


def values(key: str, text: str) -> list[Any] | None:
    """The values of one key in a grid; None if they cannot be read as a list."""
    if is_text(key):
        return [value(key, part) for part in _parts(text)]
    if choices(key):
        return [value(key, part) for part in text.split(",")] if text.strip() else []
    try:
        found = yaml.scalar(f"[{text}]")
    except ConfigError:
        return None
    if not isinstance(found, list):
        return None
    return [_number(key, each) if isinstance(each, str) else each for each in found]


def _number(key: str, text: str) -> Any:
    """The number that a person typed for a key of numbers; any other text as it is."""
    kind = number_type(key)
    number = typed_numbers.read(text, kind is int) if kind else None
    return text if number is None else number


def _parts(text: str) -> list[str]:
    """The texts between commas. A comma after a backslash belongs to the text, without the backslash."""
    parts, characters = [""], iter(text)
    for character in characters:
        if character == ",":
            parts.append("")
        elif character == "\\":
            following = next(characters, "")
            parts[-1] += following if following == "," else character + following
        else:
            parts[-1] += character
    return parts


def _plain(text: str) -> str | None:
    """A word without blanks and quotes around it; None for null."""
    word = text.strip()
    if word in NULLS:
        return None
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word


def is_text(key: str) -> bool:
    """Whether a dotted key takes any text."""
    return str in _types(key)


def may_be_null(key: str) -> bool:
    """Whether a dotted key may be null."""
    return NoneType in _types(key)


def number_type(key: str) -> type[int] | type[float] | None:
    """The type of the numbers that a dotted key takes; None if it takes none."""
    kinds = [get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in _types(key)]
    return next((kind for kind in (int, float) if kind in kinds), None)


def choices(key: str) -> list[str]:
    """The words that a dotted key allows; empty if it is not a choice of words."""
    return [word for kind in _types(key) if get_origin(kind) is Literal for word in get_args(kind)]


def _types(key: str) -> Sequence[Any]:
    """The types that a dotted key allows; none for a key that does not exist."""
    section, _, name = key.partition(".")
    field = Config.model_fields.get(section)
    leaf = field and field.annotation and field.annotation.model_fields.get(name)
    if not leaf:
        return ()
    annotation = leaf.annotation
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def as_text(value: Any) -> str:
    """A value as a person would type it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
