"""Decoding ids into printable pieces of text."""

from charrnn.generation.incremental_decoder import Decoder, pieces
from charrnn.text.vocabulary import END, Vocabulary


def test_a_documents_end_is_not_written():
    vocabulary = Vocabulary(("a", "b", END))
    assert list(pieces(vocabulary, [(0, 1.0), (1, 2.0), (2, 0.5)])) == [("a", 1.0), ("b", 2.0)]
    assert Decoder(vocabulary).read(2) == ""


def test_the_surprisal_of_a_character_is_the_sum_of_those_of_its_bytes():
    scored = [(byte, 0.5 + place) for place, byte in enumerate("a日".encode())]
    assert list(pieces(Vocabulary.from_bytes(), scored)) == [("a", 0.5), ("日", 1.5 + 2.5 + 3.5)]


def test_characters_that_come_at_once_share_their_surprisal():
    """The first byte of 日 and then an a: only the second shows that the first is not UTF-8."""
    assert list(pieces(Vocabulary.from_bytes(), [(0xE6, 4.0), (ord("a"), 1.0)])) == [("\ufffd", 2.5), ("a", 2.5)]


def test_half_a_character_at_the_end_is_left_out_with_its_surprisal():
    assert list(pieces(Vocabulary.from_bytes(), [(ord("a"), 1.0), (0xE6, 3.0)])) == [("a", 1.0)]
