"""Times as a person says them."""

from charrnn.words import plural

UNITS = (  # of a time: name, seconds, and the word for one
    ("year", 31_536_000, "a"),
    ("day", 86_400, "a"),
    ("hour", 3_600, "an"),
    ("minute", 60, "a"),
    ("second", 1, "a"),
)
PAIRS = ((86_400, "day", "h", 3_600), (3_600, "h", "min", 60), (60, "min", "s", 1))  # seconds, names, seconds
ONE_UNIT = 0.05  # 58 seconds are a minute, 80 seconds are not
TEN_DAYS = 864_000  # seconds; from then on hours say nothing
MAX_SECONDS = 1_000_000 * 31_536_000.0  # a million years is long enough for any message


def duration(seconds: float) -> str:
    """A time for a message, rounded, in the largest unit that fits twice.

    >>> duration(0.2), duration(1.2), duration(45), duration(61), duration(119.7), duration(5000)
    ('less than a second', 'a second', '45 seconds', 'a minute', '2 minutes', '83 minutes')
    >>> duration(3590), duration(86400), duration(1e9)
    ('an hour', 'a day', '32 years')
    """
    whole = round(min(seconds, MAX_SECONDS))
    if whole == 0:
        return "less than a second"
    for unit, length, one in UNITS:
        if whole > (2 - ONE_UNIT) * length:
            return f"{whole / length:,.0f} {unit}s"
        if abs(whole - length) <= ONE_UNIT * length:
            return f"{one} {unit}"
    raise AssertionError("a whole second is at least one of the last unit")


def about(seconds: float) -> str:
    """An estimated time: about 2 minutes, or less than a second."""
    words = duration(seconds)
    return words if words.startswith("less") else f"about {words}"


def short_duration(seconds: float) -> str:
    """A time as figures, in its two largest units; below ten seconds with its fractions.

    >>> short_duration(0.00256), short_duration(1.234), short_duration(45.6), short_duration(140)
    ('2.56 ms', '1.2 s', '46 s', '2 min 20 s')
    >>> short_duration(3600), short_duration(5_000), short_duration(200_000), short_duration(3.6e9)
    ('1 h', '1 h 23 min', '2 days 8 h', '114 years')
    """
    if 0 < seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < 59.5:
        return f"{seconds:.2g} s" if seconds < 9.95 else f"{seconds:.0f} s"
    whole = round(min(seconds, MAX_SECONDS))
    if whole >= 2 * UNITS[0][1]:
        return duration(whole)
    length, large, small, part = next(each for each in PAIRS if whole >= each[0])
    count, rest = divmod(round(whole / part), length // part)
    shown = plural(count, large) if large == "day" else f"{count} {large}"
    return f"{shown} {rest} {small}" if rest and whole < TEN_DAYS else shown
