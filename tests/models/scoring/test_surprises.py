import numpy as np
import pytest

from charrnn.models.scoring.surprises import AFTER, BEFORE, TopSurprises
from charrnn.text.positions import PositionTracker


@pytest.mark.parametrize("size", [1, 4, 7, 50, 1000])
def test_the_highest_are_found_in_their_places_however_the_text_comes(size):
    text = "".join(np.random.default_rng(0).choice(list("abc\n"), 400))
    ranks = np.random.default_rng(1).exponential(1, 400)
    spots, tracker = TopSurprises(5), PositionTracker()
    for start in range(0, 400, size):
        piece = list(text[start : start + size])
        spots.add(piece, ranks[start : start + size], tracker.advance(piece))
    found = spots.highest()
    assert [spot.index for spot in found] == np.argsort(-ranks)[:5].tolist()
    for spot in found:
        assert spot.surprisal == ranks[spot.index]
        assert spot.character == text[spot.index]
        assert (spot.line, spot.column) == (
            text[: spot.index].count("\n") + 1,
            spot.index - text.rfind("\n", 0, spot.index),
        )
        assert "".join(spot.before) == text[max(0, spot.index - BEFORE) : spot.index]
        assert "".join(spot.after) == text[spot.index + 1 : spot.index + 1 + AFTER]


def test_no_surprises_are_kept_for_a_size_of_0():
    spots = TopSurprises(0)
    spots.add(["a"], np.ones(1), PositionTracker().advance(["a"]))
    assert spots.highest() == []
