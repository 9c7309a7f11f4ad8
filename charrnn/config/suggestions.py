"""What an unknown key or a value out of its range was probably meant to be, by meaning and by spelling."""

from collections.abc import Sequence
from typing import Any

from charrnn.config import synonyms, typed_numbers, typed_values
from charrnn.words import did_you_mean, nearest

MIN_SPELLED = 3  # characters: two letters are near to anything
SPELLING = 0.75  # of difflib: a letter or two that differ


def find_key(name: str, known: Sequence[str]) -> str | None:
    """The known key that a name, dotted or bare, probably means; None rather than one that has nothing to do with it.

    >>> known = ["model.hidden_size", "training.learning_rate", "training.stride"]
    >>> find_key("training.lr", known), find_key("hiden_size", known), find_key("zzz", known)
    ('training.learning_rate', 'model.hidden_size', None)
    """
    section, _, leaf = name.rpartition(".")
    word = synonyms.normalize(leaf)
    leaves = {key.rpartition(".")[2]: key for key in reversed(known)}
    leaves |= {key.rpartition(".")[2]: key for key in known if key.rpartition(".")[0] == section}
    if word in leaves:
        return leaves[word]
    if (key := synonyms.meant(word, synonyms.KEYS)) in known:
        return key
    if why_absent(name) or len(word) < MIN_SPELLED:
        return None
    close = nearest(word, leaves, SPELLING)
    return leaves[close] if close else None


def why_absent(name: str) -> str | None:
    """Why there is no such key, if other programs have it; else None."""
    return synonyms.meant(name.rpartition(".")[2], synonyms.ABSENT)


def key_hint(name: str, value: str, known: Sequence[str]) -> str:
    """What follows `no such key`: the key meant, or why there is none, or the keys that exist. `value`: to be set."""
    if key := find_key(name, known):
        fitting = fitting_value(key, value)
        return f"; did you mean {key}{f'={fitting}' if fitting else ''}?"
    if why := why_absent(name):
        return f"; {why}"
    section = name.rpartition(".")[0]
    here = [key.rpartition(".")[2] for key in known if section and key.rpartition(".")[0] == section]
    sections = list(dict.fromkeys(key.partition(".")[0] for key in known))
    if not here and (close := nearest(name.partition(".")[0], sections, SPELLING)):
        return f"; did you mean {close}?"
    return f"; known here: {', '.join(here or sections)}"


def fitting_value(key: str, value: str) -> str:
    """The typed value, or the word meant by it, if the key can have it; else empty.

    >>> fitting_value("model.cell", "Vanilla"), fitting_value("training.optimizer", "0.9")
    ('rnn', '')
    """
    if words := typed_values.choices(key):
        return synonyms.meant(value, synonyms.WORDS.get(key, {})) or (
            value.casefold() if value.casefold() in words else ""
        )
    whole = typed_values.number_type(key)
    fits = typed_values.is_text(key) if whole is None else typed_numbers.read(value, whole is int) is not None
    return value if fits else ""


def value_hint(key: str, value: Any, shape: str) -> str:
    """What a refused value of a key probably means, as the end of a message. `shape`: pydantic's type of the error."""
    if words := typed_values.choices(key):
        meaning = synonyms.meant(str(value), synonyms.WORDS.get(key, {}))
        return f"; did you mean {meaning}?" if meaning else did_you_mean(str(value), words)
    if shape == "bool_type":
        meaning = synonyms.meant(str(value), synonyms.TRUTH)
        return f"; did you mean {meaning}?" if meaning else did_you_mean(str(value), list(synonyms.TRUTH))
    if shape == "tuple_type" and isinstance(value, str):
        return f"; write [{', '.join(value.split(','))}]" if value.strip(" []{}%@&*!|,") else ""
    if shape in {"int_type", "float_type"} and isinstance(value, str):
        if typed_values.may_be_null(key) and value.casefold() in synonyms.NOTHING.split():
            return "; write null"
        return typed_numbers.likely(value, whole=shape == "int_type")
    if shape in {"less_than", "less_than_equal"}:
        return typed_numbers.percent_hint(value, 1 if shape == "less_than_equal" else 0.999)
    if key == "data.split" and isinstance(value, list | tuple):
        return _shares_hint(value)
    return ""


def _shares_hint(values: Sequence[Any]) -> str:
    """Three shares in percent, or as parts of any whole."""
    are_numbers = all(isinstance(value, int | float) for value in values)
    if len(values) != 3 or not are_numbers or min(values) < 0 or values[0] < 1:
        return ""
    shares = [round(value / sum(values), 4) for value in values]
    return f"; did you mean [{', '.join(map(typed_numbers.as_text, shares))}]?" if abs(sum(shares) - 1) < 1e-6 else ""
