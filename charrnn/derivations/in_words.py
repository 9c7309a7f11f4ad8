"""Shares in words."""

from typing import Any

import numpy as np


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
