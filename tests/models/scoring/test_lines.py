"""A text in pieces becomes lines."""

import pytest

from charrnn.models.scoring.lines import split_lines

TEXT = "one\n\ntwo\r\nthree\rfour\r\r\n\u2028five\x0b\n\r"
LINES = ["one", "", "two", "three", "four", "", "\u2028five\x0b", ""]


def cut(text, size):
    return [text[start : start + size] for start in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("text", [TEXT, TEXT.encode()])
def test_pieces_of_any_size_give_the_same_lines(text, size):
    found = [line for lines in split_lines(cut(text, size)) for line in lines]
    assert found == (LINES if isinstance(text, str) else [line.encode() for line in LINES])


@pytest.mark.parametrize(("text", "lines"), [("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("\r", [""]), ("a\n\n", ["a", ""])])  # fmt: skip
def test_the_last_line_needs_no_end(text, lines):
    assert [line for some in split_lines(cut(text, 1)) for line in some] == lines


def test_a_line_comes_as_soon_as_it_has_ended():
    found = split_lines(iter(["one\ntwo", "\n"]))
    assert next(found) == ["one"]
