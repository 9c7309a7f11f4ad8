"""A stop string is found wherever the pieces of a text are cut."""

from hypothesis import given
from hypothesis import strategies as st

from charrnn.generation.incremental_decoder import Decoder
from charrnn.generation.stop_strings import StopDetector, first_stop, until
from charrnn.text.vocabulary import END, Vocabulary

words = st.text("ab.", max_size=30)


@given(words, st.lists(st.text("ab.", min_size=1, max_size=4), max_size=3), st.lists(st.integers(1, 4), min_size=1))
def test_the_pieces_do_not_matter(text, stops, sizes):
    pieces, rest = [], text
    while rest:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(rest[:size])
        rest = rest[size:]
    end = first_stop(text, stops)
    shown = [*until(iter(pieces), stops)]
    if all(len(piece) == 1 for piece in pieces):  # in larger pieces, another stop may be complete at once
        assert "".join(shown) == text[:end]
    assert "" not in shown
    assert not any(stop in "".join(shown) for stop in stops)


def test_nothing_is_held_back_longer_than_it_must_be():
    assert [*until(iter("ab.a.b"), ["a.b"])] == ["ab", "."]
    assert [*until(iter("aab"), ["aaa"])] == ["aab"]


def test_each_text_ends_once_while_the_others_continue():
    """Of the texts "baba" and "aaab" the first ends after its first b."""
    vocabulary = Vocabulary(("a", "b"))
    ends = StopDetector([Decoder(vocabulary), Decoder(vocabulary)], ["b"])
    assert [ends.read(ids) for ids in ([1, 0], [0, 0], [1, 0], [0, 1])] == [False, False, False, True]
    assert ends.at == [1, 4]


def test_each_document_ends_at_its_first_end():
    vocabulary = Vocabulary(("a", "b", END))
    ends = StopDetector([Decoder(vocabulary), Decoder(vocabulary)], [], end_id=2)
    assert [ends.read(ids) for ids in ([2, 0], [2, 1], [0, 2])] == [False, False, True]
    assert ends.at == [1, 3]
