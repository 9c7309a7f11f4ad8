"""Where characters begin in bytes of UTF-8, and which bytes belong to no character."""

import numpy as np
import pytest

from charrnn.text.characters.utf_8 import character_starts, count_strays, stray_byte_notes


def test_character_starts_are_found_in_valid_and_invalid_utf_8():
    assert character_starts("aé€x".encode()).tolist() == [0, 1, 3, 6]
    assert character_starts(b"\x80" * 10).tolist() == [*range(10)]
    assert character_starts(b"a\x80\n\x80\xe2\x82\xc3\xa9\xa9").tolist() == [0, 1, 2, 3, 4, 6, 8]
    assert character_starts(b"").tolist() == []


@pytest.mark.parametrize(
    ("data", "strays"),
    [
        ("naïve – 👩\n".encode(), 0),
        ("naïve\n".encode("cp1252"), 1),
        ("boat\n".encode("utf-16-le"), 5),
        (b"\x80\xc3 \xe2\x80", 2),
        (b"", 0),
    ],
)
def test_invalid_bytes_are_counted(data, strays):
    values = np.frombuffer(data, np.uint8)
    assert count_strays(values[np.newaxis]) == strays
    assert count_strays(np.stack([values, values])) == 2 * strays


def test_a_note_is_given_if_more_than_a_hundredth_of_the_characters_are_stray_bytes():
    assert stray_byte_notes(1, 100) == ()
    assert stray_byte_notes(2, 100)[0].startswith("2 of these characters are bytes that are not UTF-8: ")
