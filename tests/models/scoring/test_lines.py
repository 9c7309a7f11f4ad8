"""A text in pieces becomes lines."""

import pytest

from charrnn.models.scoring.lines import split_lines

TEXT = "one\n\ntwo\r\nthree\rfour\r\r\n\u2028five\x0b\n\r"
LINES = ["one", "", "two", "three", "four", "", "\u2028five\x0b", ""]


def cut(text, size):
    return [text[start : start + size] for start in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_pieces_of_any_size_give_the_same_lines(size):
    assert [line for lines in split_lines(cut(TEXT, size)) for line in lines] == LINES


@pytest.mark.parametrize(("text", "lines"), [("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("\r", [""]), ("a\n\n", ["a", ""])])  # fmt: skip
def test_the_last_line_needs_no_end(text, lines):
    assert [line for some in split_lines(cut(text, 1)) for line in some] == lines


def test_a_line_comes_as_soon_as_it_has_ended():
    found = split_lines(iter(["one\ntwo", "\n"]))
    assert next(found) == ["one"]
