"""The names of the units of a text: characters, or bytes for data.unit=byte."""

from typing import Literal

from charrnn.words import plural

Unit = Literal["char", "byte"]
NAMES: dict[Unit, str] = {"char": "character", "byte": "byte"}


def unit_name(unit: Unit, count: int = 2) -> str:
    """`character` or `byte`; the plural for any count but 1."""
    return NAMES[unit] + ("" if count == 1 else "s")


def amount(count: int, unit: Unit) -> str:
    """A count with its unit, such as `1,234 bytes`."""
    return plural(count, NAMES[unit])


def bits_name(unit: Unit) -> str:
    """The unit of a loss in log2: "bits per character" or "bits per byte"."""
    return f"bits per {NAMES[unit]}"


def bits_label(unit: Unit) -> str:
    """The same, short: "bpc" or "bpb"."""
    return {"char": "bpc", "byte": "bpb"}[unit]
