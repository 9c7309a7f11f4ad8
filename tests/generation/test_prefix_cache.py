"""A network that remembers what it read gives the same logits as one that reads everything again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.prefix_cache import EVERY, RECENT, PrefixCache
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network

V = 5


def network(cell, layers=2):
    architecture = Architecture(vocab_size=V, cell=cell, hidden_size=4, num_layers=layers, readout="deep")
    return Network.fresh(architecture, np.random.default_rng(1), "float64")


PREDICTORS = {cell: NetworkPredictor(network(cell)) for cell in CELLS}
TEXTS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 200), st.integers(0, 2**16)), min_size=1, max_size=6
)  # how much stays, how much is added, the seed of what is added


@settings(max_examples=15)
@given(st.sampled_from(CELLS), TEXTS, st.integers(1, 3))
def test_however_a_text_changes_it_gives_what_reading_it_whole_gives(cell, changes, B):
    cache, text = PrefixCache(PREDICTORS[cell]), np.empty(0, np.uint8)
    for kept, added, seed in changes:
        text = np.append(text[:kept], np.random.default_rng(seed).integers(0, V, added + 1).astype(np.uint8))
        inputs = np.broadcast_to(text[:, np.newaxis], (len(text), B))
        found, step = cache.begin(inputs)
        expected, step_expected = PREDICTORS[cell].begin(inputs)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
        ids = np.arange(B) % V
        np.testing.assert_allclose(step(ids), step_expected(ids), rtol=1e-9, atol=1e-12)
        assert len(cache.after) <= len(text) // EVERY + RECENT
        assert max(cache.after) == len(text)


def test_only_what_has_changed_is_read(monkeypatch):
    read, cache = [], PrefixCache(PREDICTORS["gru"])
    whole = NetworkPredictor.read
    monkeypatch.setattr(
        NetworkPredictor,
        "read",
        lambda self, inputs, state=None: (read.append(len(inputs)), whole(self, inputs, state))[1],
    )
    text = np.zeros((1000, 1), np.uint8)
    for length, expected in ((900, 900), (901, 1), (902, 1), (901, 0), (890, 26 + 32), (1000, 110)):
        read.clear()
        cache.begin(text[:length])
        assert sum(read) <= expected, length
    assert 900 // EVERY * EVERY in cache.after


def test_of_a_text_that_is_typed_few_places_are_remembered():
    cache, text = PrefixCache(PREDICTORS["rnn"]), np.zeros((300, 1), np.uint8)
    for length in range(1, 301):
        cache.begin(text[:length])
    assert [*cache.after] == [64, 128, 192, *range(300 - RECENT + 1, 301)]


def test_texts_that_differ_are_read_without_it():
    cache = PrefixCache(PREDICTORS["lstm"])
    inputs = np.array([[0, 1], [1, 1], [2, 3]], np.uint8)
    np.testing.assert_array_equal(cache.begin(inputs)[0], PREDICTORS["lstm"].begin(inputs)[0])
    assert cache.after == {}


@pytest.mark.parametrize("count", [1, 4])
def test_what_it_gives_out_is_not_changed_by_the_steps_that_follow(count):
    cache, inputs = PrefixCache(PREDICTORS["gru"]), np.zeros((70, count), np.uint8)
    before = cache.begin(inputs)[0].copy()
    step = cache.begin(inputs)[1]
    for _ in range(5):
        step(np.ones(count, np.intp))
    np.testing.assert_array_equal(cache.begin(inputs)[0], before)
