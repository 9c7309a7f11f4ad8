from dataclasses import replace

import numpy as np
import pytest

from charrnn.learning.parallel import StreamSplit
from charrnn.network.architecture import Architecture
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.text.windows import Window


def window(B, cell="rnn", T=9, **options):
    generator = np.random.default_rng(0)
    network = Network.fresh(Architecture(11, 8, cell, num_layers=2), generator, np.float64)
    ids = generator.integers(0, 11, (T + 1, B))
    made = Window(ids[:-1], ids[1:], np.zeros(B, bool), **{"new": T, "advance": T, **options})
    return network, made, generator.normal(size=network.state_shape(B))


@pytest.mark.parametrize("threads", [2, 3, 5, 50])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("dropout", [None, Dropout(0.3, seed=1, step=2)])
@pytest.mark.parametrize("options", [{}, {"new": 4, "advance": 4}])
def test_any_split_gives_the_loss_gradient_and_state_of_one_thread(threads, cell, dropout, options):
    network, given, state = window(7, cell, **options)
    one, many = (StreamSplit(network, 9, 7, n, dropout is not None) for n in (1, threads))
    state_one, state_many = state.copy(), state.copy()
    loss_one = one.loss_and_gradient(given, state_one, dropout)
    assert many.loss_and_gradient(given, state_many, dropout) == pytest.approx(loss_one)
    np.testing.assert_allclose(many.gradient.flat, one.gradient.flat, rtol=1e-10, atol=1e-16)
    np.testing.assert_allclose(state_many, state_one, rtol=1e-13)
    many.close()


def test_the_same_split_gives_the_same_bytes():
    network, given, state = window(6)
    results = []
    for _ in range(20):
        split = StreamSplit(network.astype(np.float32), 9, 6, 3)
        split.loss_and_gradient(given, state.astype(np.float32))
        results.append(split.gradient.flat.tobytes())
        split.close()
    assert len(set(results)) == 1


def test_the_state_handed_on_is_the_one_where_the_next_window_begins():
    network, given, state = window(3, advance=4)
    split, handed = StreamSplit(network, 9, 3, 2), state.copy()
    split.loss_and_gradient(given, handed)
    ws = network.workspace(4, 3)
    network.logits(given.inputs[:4], state, ws)
    np.testing.assert_allclose(handed, ws.state, rtol=1e-13)
    split.close()


def test_an_error_in_a_thread_is_an_error_here():
    network, given, state = window(4)
    split = StreamSplit(network, 9, 4, 2)
    with pytest.raises(IndexError):
        split.loss_and_gradient(replace(given, targets=given.targets + 100), state)
    split.close()
