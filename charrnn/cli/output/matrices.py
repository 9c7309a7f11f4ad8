"""Numbers and small matrices as text, all with four decimals, so that they can be added on paper."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from rich.text import Text

from charrnn.derivations.complex_step import Array

WIDTH = 7  # the least columns of a number, so that numbers of different tables line up
Key = TypeVar("Key")


def figure(number: float) -> str:
    """A number with a sign and four decimals; what they cannot show, in powers of ten.

    >>> figure(0.12345), figure(-0.00001234), figure(0.0), figure(1234567.0)
    ('+0.1235', '-1e-05', '0', '+1.235e+06')
    """
    if number == 0:
        return "0"
    if abs(number) >= 1e5:
        return f"{number:+.3e}"
    return f"{number:+.4f}" if abs(number) >= 5e-5 else f"{number:+.0e}"


def size(number: float) -> str:
    """A number that cannot be negative, without a sign."""
    return figure(number).removeprefix("+")


def blocks_of(values: Mapping[Key, Array], styles: Mapping[Key, str] | None = None) -> dict[Key, Text]:
    """Matrices as texts, one line for each row, all numbers of one width."""
    rows = {key: [[_entry(x, value) for x in row] for row in as_matrix(value)] for key, value in values.items()}
    width = max(WIDTH, *(len(x) for lines in rows.values() for line in lines for x in line))
    texts = {key: "\n".join(" ".join(x.rjust(width) for x in line) for line in lines) for key, lines in rows.items()}
    return {key: Text(text, (styles or {}).get(key, "")) for key, text in texts.items()}


def _entry(number: float, array: Array) -> str:
    """A number of an array: a whole one if the array has no others, such as one-hot vectors; adding 0 turns -0 into 0."""
    return f"{number + 0.0:g}" if (array == np.round(array)).all() else figure(number)


def as_matrix(value: Array, row: bool = False) -> Array:
    """An array with two axes: a vector becomes a column, or a row."""
    value = np.asarray(value)
    return value.reshape(len(value), 1) if value.ndim == 1 and not row else np.atleast_2d(value)
