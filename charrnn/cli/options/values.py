"""Values of options: what each allows, in words, and what was probably meant.

Each function returns a parser for one option. Defaults pass through it unchanged: they are not texts.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import typer

from charrnn.cli.exit_codes import FAILED, MISUSE
from charrnn.cli.options.synonyms import CHOICES
from charrnn.config import typed_numbers
from charrnn.config.synonyms import meant
from charrnn.words import did_you_mean

Parser = Callable[[Any], Any]
MAX_WHOLE = (1 << 63) - 1
MANY = 1_000_000  # a larger bound is not worth a word
UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
NUMBER = r"(\d+(?:\.\d+)?|\.\d+)"
DURATION = re.compile(
    rf"(?:{NUMBER} ?(?:d|days?))? ?(?:{NUMBER} ?(?:h|hrs?|hours?))? ?(?:{NUMBER} ?(?:m|mins?|minutes?))? ?"
    rf"(?:{NUMBER} ?(?:s|secs?|seconds?)?)?",
    re.IGNORECASE,
)


class BadValueError(typer.BadParameter):
    """A value that an option does not allow. The message is what it must be, and what was probably meant; `code` is the
    exit code.
    """

    def __init__(self, value: str, message: str, option: str | None = None, code: int = MISUSE) -> None:
        super().__init__(message, param_hint=option)
        self.value, self.code = value, code


def whole(least: int = 0, most: int = MAX_WHOLE, instead: str = "", code: int = MISUSE) -> Parser:
    """Whole numbers from `least` to `most`; `instead`: what to do instead of giving a lower one. `code`: the exit code
    for a number out of this range.
    """
    allowed = "a whole number above 0" if least == 1 else f"a whole number of at least {least}"
    if most < MANY:
        allowed = f"a whole number from {least:,} to {most:,}"

    def parse(value: Any) -> Any:
        number = typed_numbers.read(value, whole=True) if isinstance(value, str) else value
        if number is None:
            raise BadValueError(value, f"must be {allowed}{typed_numbers.likely(value, whole=True)}")
        if number < least:
            raise BadValueError(value, f"must be {allowed}{f'; {instead}' if instead else ''}", code=code)
        if number > most:
            raise BadValueError(value, f"must be at most {most:,}", code=code)
        return number

    return parse


def number(least: float = -math.inf, above: float = -math.inf, most: float = math.inf, code: int = MISUSE) -> Parser:
    """Finite numbers of at least `least`, above `above`, and at most `most`. `code`: the exit code for a number out of
    this range.
    """
    bounds = [f"of at least {least:g}"] if least > -math.inf else [f"above {above:g}"] if above > -math.inf else []
    bounds += [f"at most {most:,.10g}"] if most < math.inf else []
    allowed = " ".join(["a number", " and ".join(bounds)])

    def parse(value: Any) -> Any:
        found = typed_numbers.read(value) if isinstance(value, str) else value
        if found is None:
            out_of_range = value.strip().lower().lstrip("+-") in {"inf", "infinity", "nan"}
            likely = typed_numbers.likely(value)
            raise BadValueError(value, f"must be {allowed}{likely}", code=code if out_of_range else MISUSE)
        if not (least <= found <= most and found > above and math.isfinite(found)):
            raise BadValueError(value, f"must be {allowed}{typed_numbers.percent_hint(found, most)}", code=code)
        return found

    return parse


def choice(known: Sequence[str], code: int = MISUSE) -> Parser:
    """One of some words. `code`: the exit code for another."""

    def parse(value: Any) -> Any:
        if isinstance(value, str) and value not in known:
            raise BadValueError(value, f"must be {' or '.join(known)}{choice_hint(value, known)}", code=code)
        return value

    return parse


def choice_hint(value: str, known: Sequence[str]) -> str:
    """For the end of a message: the known word that was probably meant, or nothing."""
    meaning = meant(value, {word: others for word, others in CHOICES.items() if word in known})
    return f"; did you mean {meaning}?" if meaning else did_you_mean(value, known)


def parse_duration(text: str, option: str) -> float:
    """Seconds, from 140s, 10m, 1h30m, 90 minutes or a plain number of seconds. Raises BadValueError for anything else.

    >>> [parse_duration(text, "--time") for text in ("1h30m", "90 minutes", "140")]
    [5400.0, 5400.0, 140.0]
    """
    parts = DURATION.fullmatch(text.strip())
    given = zip(parts.groups(), UNITS.values(), strict=True) if parts else ()
    seconds = sum(float(amount) * unit for amount, unit in given if amount)
    if 0 < seconds < math.inf:
        return seconds
    raise BadValueError(
        text, f"must be a time above 0, such as 140s, 10m or 1h30m{_likely_duration(text)}", option, FAILED
    )


def _likely_duration(text: str) -> str:
    """What a time with a decimal comma or with colons probably means."""
    if re.fullmatch(r"\d+,\d+ ?[a-zA-Z]+", text.strip()):
        return f"; write {text.strip().replace(',', '.').replace(' ', '')}"
    if clock := re.fullmatch(r"(\d+):(\d\d)(?::(\d\d))?", text.strip()):
        first, second, third = (int(part or 0) for part in clock.groups())
        return f"; write {first}h{second}m{third}s" if clock[3] else f"; write {first}h{second}m or {first}m{second}s"
    return ""
