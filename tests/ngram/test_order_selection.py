import numpy as np
import pytest

from charrnn.errors import TextError
from charrnn.ngram import order_selection
from charrnn.ngram.kneser_ney import fit
from charrnn.ngram.order_selection import choose_order, fit_best, last, losses
from charrnn.text.vocabulary import Vocabulary


def markov(order, length, seed=0):
    """A text over 3 characters in which the next is most often a fixed function of the `order` before it."""
    generator = np.random.default_rng(seed)
    table = np.random.default_rng(5).integers(0, 3, 3**order)
    ids = generator.integers(0, 3, length)
    for i in range(order, length):
        if generator.random() < 0.8:
            ids[i] = table[int(sum(ids[i - 1 - k] * 3**k for k in range(order)))]
    return ids.astype(np.uint8)


@pytest.mark.parametrize("memory", [1, 2, 3])
def test_the_order_chosen_is_the_one_the_text_was_made_with(memory):
    assert choose_order([markov(memory, 8000)], 3) == memory + 1


def test_one_walk_gives_every_order_the_loss_of_its_own_fit():
    segments = [markov(2, 700), markov(2, 40, seed=1), markov(2, 1, seed=2)]
    cuts = [630, 36, 0]
    expected = []
    for order in range(1, 7):
        model = fit([segment[:cut] for segment, cut in zip(segments, cuts, strict=True)], 3, order)
        surprisals = [model.surprisals(segment, cut) for segment, cut in zip(segments, cuts, strict=True)]
        expected.append(np.concatenate(surprisals).mean())
    np.testing.assert_allclose(losses(segments, 3, highest=6), expected, rtol=1e-12)
    assert choose_order(segments, 3, highest=6) == 1 + int(np.argmin(expected))


def test_the_lowest_of_equal_orders_is_chosen():
    assert choose_order([np.zeros(100, np.uint8)], 1) == 1


def test_the_chosen_order_is_fitted_on_all_of_the_text():
    ids = markov(2, 3000)
    model, expected = fit_best([ids], 3), fit([ids], 3, choose_order([ids], 3))
    assert model.characters == 3000
    np.testing.assert_array_equal(model.surprisals(ids), expected.surprisals(ids))


def test_the_last_characters_of_a_long_text_are_counted_and_choose_the_order(monkeypatch):
    ids = np.concatenate([markov(3, 9000), markov(1, 1000)])
    expected = fit_best([ids[-500:]], 3)
    monkeypatch.setattr(order_selection, "MAX_COUNTED_CHARS", 500)
    model = fit_best([ids], 3)
    assert model.characters == 500
    assert model.order == expected.order != choose_order([ids], 3)
    np.testing.assert_array_equal(model.surprisals(ids), expected.surprisals(ids))


@pytest.mark.parametrize("longest", range(9))
def test_the_last_characters_of_segments_are_those_of_the_text_they_make(longest):
    segments = [np.arange(3), np.arange(3, 3), np.arange(3, 5), np.arange(5, 7)]
    kept = last(segments, longest)
    np.testing.assert_array_equal(np.concatenate(kept), np.arange(max(0, 7 - longest), 7))


@pytest.mark.parametrize("lengths", [[], [0], [1], [1, 1]])
def test_a_text_too_short_to_choose_from_is_refused(lengths):
    with pytest.raises(TextError, match=f"at least 2 characters in one piece; found {sum(lengths)}"):
        choose_order([np.zeros(length, np.uint8) for length in lengths], 2)


def test_two_characters_are_enough():
    assert fit_best([np.array([0, 1], np.uint8)], 2).order == 1


@pytest.mark.slow
def test_on_tiny_shakespeare_it_is_seven(shakespeare):
    text = shakespeare.read_text("utf-8")
    vocabulary = Vocabulary.from_text(text)
    ids = vocabulary.encode(text)
    assert choose_order([ids[: int(len(ids) * 0.9)]], len(vocabulary)) == 7
