"""Durations and shares in words."""

from typing import Any

import numpy as np

UNITS = (("years", 31_536_000), ("days", 86_400), ("hours", 3_600), ("minutes", 60))  # seconds


def duration(seconds: float) -> str:
    """In the largest unit that fits twice.

    >>> duration(90), duration(120), duration(86400), duration(1e9)
    ('90 seconds', '2 minutes', '24 hours', '32 years')
    """
    for unit, length in UNITS:
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"


def percent(share: float | np.floating[Any]) -> str:
    """Two digits, or all before the point; from 1000% on as a factor.

    >>> percent(0.934), percent(0.0123), percent(0.0001), percent(25.3)
    ('93%', '1.2%', '<0.1%', '25 times')
    """
    if share >= 10:
        return f"{share:.2g} times"
    if 0 < share < 0.001:
        return "<0.1%"
    two_digits = f"{100 * share:.2g}"
    return f"{share:.0%}" if "e" in two_digits else f"{two_digits}%"  # 1e+02 is from 100 on
