"""What a text is counted in, as a person reads it: characters, or for data.unit=byte bytes."""

from typing import Literal

from charrnn.words import plural

Unit = Literal["char", "byte"]
NAMES: dict[Unit, str] = {"char": "character", "byte": "byte"}


def unit_name(unit: Unit, count: int = 2) -> str:
    """`character`, `byte`, or for any count but 1 their plurals."""
    return NAMES[unit] + ("" if count == 1 else "s")


def counted(count: int, unit: Unit) -> str:
    """For example `1,234 bytes`."""
    return plural(count, NAMES[unit])


def bits_name(unit: Unit) -> str:
    """What log2 losses are called: "bits per character" or "bits per byte"."""
    return f"bits per {NAMES[unit]}"


def bits_label(unit: Unit) -> str:
    """The same where there is little room: "bpc" or "bpb"."""
    return {"char": "bpc", "byte": "bpb"}[unit]
