import numpy as np
import plain_ngram
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.errors import VocabularyError
from charrnn.ngram.kneser_ney import FALLBACK, discounts, fit, nats
from charrnn.text.vocabulary import Vocabulary


def texts(V, lengths, seed=0):
    """Random segments in which some characters are much more frequent, so that contexts come back."""
    generator = np.random.default_rng(seed)
    p = 0.6 ** np.arange(V)
    return [generator.choice(V, length, p=p / p.sum()).astype(np.uint8) for length in lengths]


CASES = [
    (1, [20], 3),
    (2, [300], 5),
    (3, [400, 7, 1, 90], 4),
    (5, [600], 1),
    (5, [600, 0, 600], 2),
    (8, [900, 900], 3),
    (12, [5], 4),
    (12, [2, 2, 2], 9),
]


@pytest.mark.parametrize(("V", "lengths", "order"), CASES)
def test_it_equals_the_equations_from_the_page(V, lengths, order):
    segments, (unread,) = texts(V, lengths), texts(V, [60], seed=1)
    p = plain_ngram.kneser_ney([segment.tolist() for segment in segments], V, min(order, max(lengths)))
    model = fit(segments, V, order)
    for ids in [unread, *segments]:
        expected = [-np.log(p(tuple(ids[:i].tolist()), w)) for i, w in enumerate(ids[:200].tolist())]
        np.testing.assert_allclose(model.surprisals(ids[:200]), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("V", "lengths", "order"), CASES)
def test_the_distributions_are_those_of_the_page_and_sum_to_one(V, lengths, order):
    segments = texts(V, lengths)
    p = plain_ngram.kneser_ney([segment.tolist() for segment in segments], V, min(order, max(lengths)))
    model = fit(segments, V, order)
    for T in range(order + 2):
        contexts = np.random.default_rng(T).integers(0, V, (20, T))
        found = np.exp(model.predict(model.state_after(contexts)))
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
        expected = [[p(tuple(context), w) for w in range(V)] for context in contexts.tolist()]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_some_of_these_cases_estimate_their_discounts_and_some_fall_back():
    """Shows that the two tests above cover both branches."""
    estimated = {
        bool((discounts(np.array([*plain_ngram.counts(texts(V, lengths), n, order).values()])) != FALLBACK).any())
        for V, lengths, order in CASES
        for n in range(1, min(order, max(lengths)) + 1)
    }
    assert estimated == {True, False}


def test_discounts_are_those_of_chen_and_goodman():
    counts = np.repeat([1, 2, 3, 4, 9], [40, 15, 6, 3, 5])
    Y = 40 / 70
    np.testing.assert_allclose(discounts(counts), [0, Y, 2 - 3 * Y * 6 / 15, 3 - 4 * Y * 3 / 6], rtol=1e-15)


@pytest.mark.parametrize(
    "counts", [[], [1, 1, 1], [2, 2, 3], [1, 2, 5], [1, 2, 3, 3, 3, 3, 3, 3], [1, 2, 3, 4, 4, 4, 4]]
)
def test_discounts_that_cannot_be_estimated_are_the_usual_ones(counts):
    assert discounts(np.array(counts, np.intp)).tolist() == list(FALLBACK)


ids_of = st.lists(st.integers(0, 3), max_size=80).map(lambda ids: np.array(ids, np.uint8))


@settings(deadline=None)
@given(st.lists(ids_of, min_size=1, max_size=4), ids_of, st.integers(1, 6), st.integers(4, 9))
def test_every_character_of_the_vocabulary_has_a_probability(segments, ids, order, V):
    """Of ids 0 to 3 some, and of those above all, were never counted."""
    if not sum(map(len, segments)):
        return
    model = fit(segments, V, order)
    ids = np.append(ids, V - 1)
    p = np.exp(-model.surprisals(ids))
    assert ((p > 0) & (p <= 1)).all()
    all_p = np.exp(model.predict(model.state_after(ids[np.newaxis, :-1])))
    assert all_p.sum() == pytest.approx(1, abs=1e-12)
    assert all_p[0, -1] == pytest.approx(p[-1], rel=1e-12)


@settings(deadline=None)
@given(ids_of, st.integers(0, 80), st.integers(1, 6))
def test_a_text_in_two_blocks_is_scored_as_in_one(ids, cut, order):
    model = fit([np.array([0, 1, 2, 3, 3, 2, 1, 0, 1, 2, 3], np.uint8)], 4, order)
    cut = min(cut, len(ids))
    pieces = np.concatenate([model.surprisals(ids[:cut]), model.surprisals(ids, cut)])
    np.testing.assert_array_equal(pieces, model.surprisals(ids))
    near = max(0, cut - order + 1)
    np.testing.assert_array_equal(model.surprisals(ids[near:], cut - near), model.surprisals(ids, cut))


def test_no_surprisal_is_below_zero_however_a_probability_was_rounded():
    found = nats(np.array([1 + 2**-52, 1, 0.5]))
    assert found.tolist() == [0, 0, -np.log(0.5)]
    assert not np.signbit(found).any()


def test_an_id_beyond_the_vocabulary_is_refused():
    model = fit([np.array([0, 1, 0, 1])], 2, 2)
    with pytest.raises(VocabularyError, match="id 2 is not among the 2"):
        model.surprisals(np.array([0, 2]))


def test_reading_on_is_reading_from_the_start():
    model, (ids,) = fit(texts(5, [500]), 5, 4), texts(5, [30], seed=1)
    state = model.state_after(ids[np.newaxis, :0])
    for n in range(len(ids)):
        np.testing.assert_array_equal(model.predict(state), model.predict(model.state_after(ids[np.newaxis, :n])))
        state = model.advance(state, ids[n : n + 1])


@pytest.mark.slow
def test_tiny_shakespeare_with_seven_characters(shakespeare):
    """Fitted on the first 90 % and scored on the rest, as nanoGPT splits it."""
    text = shakespeare.read_text("utf-8")
    vocabulary = Vocabulary.from_text(text)
    ids = vocabulary.encode(text)
    cut = int(len(ids) * 0.9)
    model = fit([ids[:cut]], len(vocabulary), 7)
    assert model.surprisals(ids[cut:]).mean() == pytest.approx(1.51649, abs=1e-4)
    assert model.characters == cut


@pytest.mark.slow
def test_tiny_shakespeare_as_char_rnn_splits_it(shakespeare):
    """50 streams side by side; the last batches of each validate, read on from what trains."""
    text = shakespeare.read_text("utf-8")
    vocabulary = Vocabulary.from_text(text)
    ids = vocabulary.encode(text)
    B = S = 50
    batches = len(ids) // (B * S)
    streams = ids[: batches * B * S].reshape(B, batches * S)
    cut = int(0.95 * batches) * S
    model = fit([stream[:cut] for stream in streams], len(vocabulary), 7)
    assert np.mean([model.surprisals(stream, cut) for stream in streams]) == pytest.approx(1.38065, abs=1e-4)


def test_a_discount_of_nothing_is_the_usual_one():
    """n_1 = 4, n_2 = n_3 = 1: Y = 2/3 and D_2 = 2 - 3 Y = 0, with which what was not seen would have no probability."""
    assert discounts(np.array([1, 1, 1, 1, 2, 3])).tolist() == list(FALLBACK)
