"""Formatting of losses."""

import pytest

from charrnn.training.events import digits


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (1.23456, 4, "1.2346"),
        (0.01, 4, "0.0100"),
        (0.0, 4, "0.0000"),
        (0.00123456, 4, "0.001235"),
        (-0.00123456, 4, "-0.001235"),
        (1.234567e-07, 4, "1.235e-07"),
        (0.0654321, 3, "0.06543"),
        (999_999.0, 3, "999999.000"),
        (1e30, 4, "1e+30"),
        (float("nan"), 4, "nan"),
        (float("-inf"), 4, "-inf"),
    ],
)
def test_digits_are_added_if_the_places_would_hide_the_value(value, places, shown):
    assert digits(value, places) == shown
