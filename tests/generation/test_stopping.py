"""A stop string is found wherever the pieces of a text are cut."""

from hypothesis import given
from hypothesis import strategies as st

from charrnn.generation.stopping import first_stop, until

words = st.text("ab.", max_size=30)


@given(words, st.lists(st.text("ab.", min_size=1, max_size=4), max_size=3), st.lists(st.integers(1, 4), min_size=1))
def test_the_pieces_do_not_matter(text, stops, sizes):
    pieces, rest = [], text
    while rest:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(rest[:size])
        rest = rest[size:]
    end = first_stop(text, stops)
    told = [*until(iter(pieces), stops)]
    if all(len(piece) == 1 for piece in pieces):  # in larger pieces, another stop may be complete at once
        assert "".join(told) == text[:end]
    assert "" not in told
    assert not any(stop in "".join(told) for stop in stops)


def test_nothing_is_held_back_longer_than_it_must_be():
    assert [*until(iter("ab.a.b"), ["a.b"])] == ["ab", "."]
    assert [*until(iter("aab"), ["aaa"])] == ["aab"]
