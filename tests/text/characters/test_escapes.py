"""Escapes in text that is typed."""

import pytest

from charrnn.text.characters.escapes import unescape


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (r"a\nb", "a\nb"),
        (r"\t\r\0", "\t\r\0"),
        (r"\\n", r"\n"),
        (r"\\\n", "\\\n"),
        (r"\x41\u00e9\U0001f600", "Aé😀"),
        (r"\u0939\u093f", "हि"),
        (r"\section \d+ \.", r"\section \d+ \."),
        (r"\x4 \u12 \U0001", r"\x4 \u12 \U0001"),
        (r"\ud83d \U00110000", r"\ud83d \U00110000"),
        (r"\012", r"\012"),
        ("ends in \\", "ends in \\"),
        ("", ""),
        ("« é »\n", "« é »\n"),
    ],
)
def test_escapes_are_decoded_and_all_else_is_left_as_typed(typed, meant):
    assert unescape(typed) == meant


def test_a_backslash_typed_twice_is_one_whatever_follows():
    for text in (r"\newline", r"\textbf", r"\0", r"\x41", r"\\"):
        assert unescape(text.replace("\\", "\\\\")) == text
