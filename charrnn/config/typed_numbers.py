"""Numbers as people type them: 1e3, 1_000, 10k and 90% are numbers; 0,8 is answered with 0.8.

What can mean only one number is read. What could mean two, or needs a guess, is not: `likely` says what to write.
"""

import re
from decimal import Decimal, InvalidOperation

MAX_DIGITS = 20  # of a number that is worth writing out
PERCENT = (10, 100)  # a share above 1 in this range was probably meant in percent
FACTORS = {"": Decimal(1), "k": Decimal(1000), "K": Decimal(1000), "M": Decimal(1_000_000), "%": Decimal("0.01")}
SIGNS = str.maketrans("．，－＋−％＿٫", ".,-+-%_,")  # as other keyboards have them
NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?) ?([kKM%]?)")
GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(?:([ '’\u00a0\u202f,.])\d{3})(?:\1\d{3})*")
DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?%?")


def read(text: str, whole: bool = False) -> int | float | None:
    """The number that a text can only mean; None for anything else. With `whole`, whole numbers alone.

    A number too large for its type is infinity.

    >>> read("1e3", whole=True), read("10k", whole=True), read("1,000", whole=True), read("90%"), read("0,8")
    (1000, 10000, 1000, 0.9, None)
    """
    found = _decimal(_ungrouped(_plain(text), whole))
    if found is None or (whole and found != found.to_integral_value()):
        return None
    return int(found) if whole and found.adjusted() < 300 else float(found)


def likely(text: str, whole: bool = False) -> str:
    """What to write instead of a text that `read` does not take, as the end of a message; empty if nothing is likely.

    >>> likely("0,8"), likely("1.000", whole=True), likely("fast")
    ('; write 0.8', '; write 1000 or 1', '')
    """
    plain = _plain(text)
    grouped = GROUPED.fullmatch(plain)
    readings = [plain]
    if grouped and grouped[1] in {",", "."}:
        readings = [plain.replace(grouped[1], ""), plain.replace(",", ".")]
    elif DECIMAL_COMMA.fullmatch(plain):
        readings = [plain.replace(",", ".")]
    if whole and grouped and grouped[1] == ",":
        del readings[1:]
    numbers = [number for reading in readings if (number := _written_out(_decimal(reading), whole))]
    return f"; write {' or '.join(dict.fromkeys(numbers))}" if numbers else ""


def percent_hint(value: object, most: float) -> str:
    """The share that a number above 1 probably means; nothing if that is not allowed either."""
    if not isinstance(value, int | float) or not PERCENT[0] <= value <= PERCENT[1] or not value / 100 <= most <= 1:
        return ""
    return f"; did you mean {as_text(value / 100)}?"


def as_text(number: float) -> str:
    """A number with no more digits than it needs.

    >>> as_text(0.9), as_text(1000.0)
    ('0.9', '1000')
    """
    return f"{number:.0f}" if number == round(number) and abs(number) < 1e15 else repr(number)


def _plain(text: str) -> str:
    """The text with ASCII digits and signs, without blanks around it and without `_` between digits."""
    digits = (str(int(character)) if character.isdecimal() else character for character in text.strip())
    return re.sub(r"(?<=\d)_(?=\d)", "", "".join(digits).translate(SIGNS))


def _ungrouped(plain: str, whole: bool) -> str | None:
    """The digits without what separates thousands; None where that could be a decimal point."""
    grouped = GROUPED.fullmatch(plain)
    if not grouped or (grouped[1] == "." and not whole):
        return plain
    return None if grouped[1] == "." or (grouped[1] == "," and not whole) else plain.replace(grouped[1], "")


def _decimal(plain: str | None) -> Decimal | None:
    parts = NUMBER.fullmatch(plain or "")
    try:
        return Decimal(parts[1]) * FACTORS[parts[2]] if parts else None
    except InvalidOperation:  # an exponent of twenty digits
        return None


def _written_out(number: Decimal | None, whole: bool) -> str:
    """A number as a person would write it; empty if it is none, not a whole one, or not of a usual size."""
    if number is None or abs(number.adjusted()) > MAX_DIGITS or (whole and number != number.to_integral_value()):
        return ""
    return as_text(int(number) if whole else float(number))
