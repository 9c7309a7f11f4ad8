"""Typed text is converted to the Unicode form that the vocabulary has."""

from unicodedata import normalize

import pytest

from charrnn.text.unicode_form import fit_text
from charrnn.text.vocabulary import Vocabulary

WORDS = "Été Zoë, Việt cœur 한국어 हिन्दी Ångström Ωμέγα\n"


@pytest.mark.parametrize("known", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_a_text_is_read_in_the_form_that_is_known_and_stays_the_same_text(known, typed):
    vocabulary = Vocabulary.from_text(normalize(known, WORDS))
    assert fit_text(normalize(typed, WORDS), vocabulary) == normalize(known, WORDS)


def test_each_word_has_the_form_that_it_needs():
    vocabulary = Vocabulary.from_text("é c\u0327 e")  # é as one character, ç as two
    assert fit_text("e\u0301 ç e\u0301", vocabulary) == "é c\u0327 é"


def test_known_characters_are_left_as_typed():
    both = Vocabulary.from_text("é e\u0301")
    for text in ("é", "e\u0301", "é e\u0301"):
        assert fit_text(text, both) == text


def test_unknown_characters_are_left_and_named_as_typed():
    vocabulary = Vocabulary.from_text("aoé")
    assert fit_text("áó", vocabulary) == "áó"  # and not as letters with one accent that is unknown in its turn
    assert fit_text("e\u0301\N{SNOWMAN}", vocabulary) == "é\N{SNOWMAN}"


def test_line_ends_are_those_of_every_text_file():
    vocabulary = Vocabulary.from_text("ab\n")
    assert fit_text("a\r\nb\r\n", vocabulary) == "a\nb\n"
    assert fit_text("a\rb", vocabulary) == "a\rb"


def test_bytes_are_left_as_they_are():
    assert fit_text("e\u0301\r\n", Vocabulary.from_bytes()) == "e\u0301\r\n"
