"""The counts of an evaluation; test_model.py checks its losses."""

import pytest

from charrnn.models import encoded_text
from charrnn.models.evaluation.evaluation import TextCount
from charrnn.text.vocabulary import Vocabulary


@pytest.mark.parametrize("cuts", [[], [1], [3, 4, 5], [2, 6, 7, 8]])
def test_a_character_whose_bytes_come_in_several_blocks_is_counted_once(cuts):
    data, vocabulary = "a\N{GRINNING FACE}é€".encode() + b"\x80", Vocabulary.from_bytes()
    pieces = [data[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    count = TextCount(vocabulary)
    for block in encoded_text.from_pieces(pieces, vocabulary):
        count.add(block)
    assert (count.read, count.characters, count.utf_8) == (len(data), 5, len(data))


def test_unknown_characters_are_counted_each():
    vocabulary = Vocabulary.from_text("abc")
    count = TextCount(vocabulary)
    for block in encoded_text.from_pieces(["ab!", "?c!"], vocabulary):
        count.add(block)
    assert dict(count.unknown) == {"!": 2, "?": 1}
    assert (count.read, count.characters, count.utf_8) == (6, 6, 6)
