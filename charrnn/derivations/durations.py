"""How long something takes, in words."""

UNITS = (("years", 31_536_000), ("days", 86_400), ("hours", 3_600), ("minutes", 60))  # seconds


def in_words(seconds: float) -> str:
    """In the largest unit of which there are two.

    >>> in_words(90), in_words(120), in_words(86400), in_words(1e9)
    ('90 seconds', '2 minutes', '24 hours', '32 years')
    """
    for unit, length in UNITS:
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"
