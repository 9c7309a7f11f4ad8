"""A self-contained page of what a network did while it read a text; it loads nothing and sends nothing.

Numbers are packed as bytes in base64: surprisals in steps of 1/12 bit, probabilities in steps of 1/255,
units in steps of 1/255 of their range.
"""

import base64
from collections.abc import Sequence

import numpy as np

from charrnn.models.html.self_contained import self_contained, to_base64
from charrnn.models.inspection.activations import Inspection
from charrnn.models.inspection.units import HiddenUnit, UnitCorrelations
from charrnn.network.arrays import Array
from charrnn.text.characters.printable import printable_line
from charrnn.text.characters.unit_names import amount, bits_name
from charrnn.text.positions import PositionTracker
from charrnn.text.vocabulary import END, Vocabulary
from charrnn.training.events import bits, digits

END_OF_DOCUMENT = "end of the document"
PER_BIT = 12  # steps of a surprisal; a byte holds 21 bits of it


def page(
    made: Inspection,
    vocabulary: Vocabulary,
    followed: UnitCorrelations,
    name: str,
    first: HiddenUnit | None = None,
    *,
    files: Sequence[str] = ("",),
) -> str:
    """The page as HTML, with the units of `followed`; it opens with the unit `first`, or with surprisal."""
    loss = float(made.surprisals.sum()) / made.units
    summary = f"{count(made, vocabulary)}: {digits(loss)} nats, {digits(bits(loss))} {bits_name(vocabulary.unit)}"
    data = _data(made, vocabulary, followed, first, files)
    return self_contained(__package__, f"{name}, as it reads", summary, data)


def count(made: Inspection, vocabulary: Vocabulary) -> str:
    """The size of the shown text, in words."""
    of_bytes = f", {amount(made.units, 'byte')}" if vocabulary.unit == "byte" else ""
    return amount(len(made.characters), "char") + of_bytes


def _data(
    made: Inspection, vocabulary: Vocabulary, followed: UnitCorrelations, first: HiddenUnit | None, files: Sequence[str]
) -> dict[str, object]:
    ids = np.min_scalar_type(len(vocabulary) - 1).newbyteorder("<")
    return {
        "text": made.text,
        "ends": sorted(made.ends),
        "end": END_OF_DOCUMENT,
        "places": _places(made, vocabulary),
        "files": [printable_line(name) for name in files] if len(files) > 1 else [],
        "unknown": np.flatnonzero(made.unknown).tolist(),
        "surprisals": _bytes(made.surprisals, 0, 255 / bits(1.0) / PER_BIT),
        "per_bit": PER_BIT,
        "symbols": [_name(symbol, vocabulary) for symbol in vocabulary.symbols],
        "bytes": vocabulary.unit == "byte",
        "first_bytes": base64.b64encode(made.first_bytes).decode(),
        "id_bytes": ids.itemsize,
        "k": made.likeliest.shape[1],
        "likeliest": to_base64(made.likeliest.astype(ids)),
        "probabilities": _bytes(made.probabilities, 0, 1),
        "features": followed.features,
        "units": [_unit(made, unit, r) for unit, r in zip(followed.units, followed.r.T, strict=True)],
        "open": None if first is None else followed.units.index(first),
    }


def _places(made: Inspection, vocabulary: Vocabulary) -> list[list[int]]:
    """[character, line, column, file] for each character that is not one column after the one before it."""
    found = PositionTracker(vocabulary.unit).advance(made.characters, made.starts)
    steps = [np.diff(values) for values in (found.line, found.column, found.file)]
    jumps = np.flatnonzero((steps[0] != 0) | (steps[1] != 1) | (steps[2] != 0)) + 1
    at = np.append(0, jumps)
    columns = at, found.line[at], found.column[at], found.file[at]
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _name(symbol: str, vocabulary: Vocabulary) -> str:
    """How the page shows a symbol: the end of a document in words, a byte that is not a character by its number."""
    if symbol == END:
        return END_OF_DOCUMENT
    return symbol if vocabulary.unit == "char" or symbol.isascii() else f"\\x{ord(symbol):02x}"


def _unit(made: Inspection, unit: HiddenUnit, r: Sequence[float]) -> dict[str, object]:
    values = made.activations[unit.array][:, unit.number].astype(np.float32)
    low, high = _range(values, unit.array)
    return {
        "name": unit.name,
        "low": low,
        "high": high,
        "values": _bytes(values, low, high),
        "r": [round(float(each), 3) for each in r],
    }


def _range(values: Array, array: str) -> tuple[float, float]:
    """From 0 to 1 for gates, whose values are those of σ; for others a range with 0 in the middle."""
    if array[0] in "rzifo":
        return 0.0, 1.0
    most = max(1.0, float(np.abs(values).max()))
    return -most, most


def _bytes(values: Array, low: float, high: float) -> str:
    return to_base64(np.clip(np.rint((values - low) / (high - low) * 255), 0, 255).astype(np.uint8))
