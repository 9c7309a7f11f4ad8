"""Names of a sweep's runs."""

import re

from hypothesis import given
from hypothesis import strategies as st

from charrnn.sweeps.run_names import names

RATE, SIZE = "training.learning_rate", "model.hidden_size"


def test_a_run_name_has_the_varied_values():
    assert names([{RATE: 0.003, SIZE: 256}, {RATE: 1e-05, SIZE: 64}]) == [
        "learning_rate=0.003,hidden_size=256",
        "learning_rate=1e-05,hidden_size=64",
    ]


def test_characters_that_file_systems_refuse_are_dropped():
    assert names([{"data.boundary": "a/b:\n*?"}, {"data.boundary": None}, {"data.split": [0.9, 0.1, 0.0]}]) == [
        "boundary=a-b",
        "boundary=null",
        "split=0.9-0.1-0.0",
    ]


def test_names_that_differ_only_in_case_are_numbered():
    assert names([{"data.boundary": text} for text in ("A", "a", "a/", "a-2")]) == [
        "boundary=A",
        "boundary=a-2",
        "boundary=a-3",
        "boundary=a-2-2",
    ]


def test_a_run_name_fits_the_file_system_s_limit():
    keys = [f"training.key_{number}" for number in range(50)]
    first, second = names([dict.fromkeys(keys, "x" * 50), dict.fromkeys(keys, "x" * 60)])
    assert first != second
    assert len(second) < 120


@given(st.lists(st.text(max_size=300), min_size=1, max_size=8))
def test_any_values_give_names_that_any_file_system_takes(values):
    found = names([{"data.boundary": value, "data.encoding": value} for value in values])
    assert len({name.casefold() for name in found}) == len(values)
    for name in found:
        assert re.fullmatch(r"[A-Za-z0-9._+=,-]{1,120}", name)
        assert not name.endswith((".", " "))
