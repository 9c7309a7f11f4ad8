import numpy as np
import pytest

from charrnn.models.inspection.text_features import FEATURES, features


def marks(name, text):
    return "".join("01"[int(value > 0)] for value in FEATURES[name](text))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("end of a line", "ab\n\nc", "00110"),
        ("first of its line", "ab\n\nc", "10011"),
        ("in a line after a blank one", "a\nb\n\nc d\ne", "1100011110"),
        ("space", "a b\n", "0100"),
        ("vowel", "Ab e", "1001"),
        ("capital", "Ab É1", "10010"),
        ("in a word of capitals", "I AM x ROMEO: Ab ÀÉ", "0011000111110000011"),
        ("digit", "a1 2", "0101"),
        ("punctuation", "a, b.\n", "010010"),
        ("in quotes", 'a "b" c', "0011000"),
        ("in quotes", "\u201ca\u201d b", "11000"),
        ("in quotes", '"a\n\nb', "11000"),
        ("in brackets", "a(b[c])d)e", "0111110000"),
        ("in brackets", "(a\n\nb", "11000"),
        ("in brackets", ")(a)", "0110"),
    ],
)
def test_each_character_has_a_yes_or_no(name, text, expected):
    assert marks(name, text) == expected


def test_the_position_in_a_line_restarts_with_each_line():
    assert FEATURES["position in its line"]("abc\nd\n\nef").tolist() == [0, 1, 2, 3, 0, 1, 0, 0, 1]


def test_the_position_in_a_word_counts_letters_from_1():
    assert FEATURES["position in its word"]("the cat's 9").tolist() == [1, 2, 3, 0, 1, 2, 3, 0, 1, 0, 0]


def test_indentation_is_that_of_the_whole_line():
    assert FEATURES["indentation of its line"]("a\n  b\n\tc\n   \n").tolist() == [0, 0, 2, 2, 2, 2, 1, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("text", ["x", "\n", "\n\n", " ", "\N{SNOWMAN}\U0001f600\r\n", "a\n", '"'])
def test_every_feature_has_a_finite_number_for_each_character(text):
    for name, values in features(text).items():
        assert values.shape == (len(text),), name
        assert np.isfinite(values).all(), name
        assert (values >= 0).all(), name
