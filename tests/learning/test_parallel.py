import numpy as np
import pytest

from charrnn.learning.parallel import StreamSplit
from charrnn.network.network import Architecture, Network


def window(B):
    generator = np.random.default_rng(0)
    network = Network.fresh(Architecture(11, 8), generator, np.float64)
    ids = generator.integers(0, 11, (10, B))
    return network, ids[:-1], ids[1:], generator.normal(size=(1, B, 8))


@pytest.mark.parametrize("threads", [2, 3, 5, 50])
def test_any_split_gives_the_loss_gradient_and_state_of_one_thread(threads):
    network, inputs, targets, state = window(7)
    one, many = StreamSplit(network, 9, 7, 1), StreamSplit(network, 9, 7, threads)
    state_one, state_many = state.copy(), state.copy()
    assert many.loss_and_gradient(inputs, targets, state_many) == pytest.approx(
        one.loss_and_gradient(inputs, targets, state_one)
    )
    np.testing.assert_allclose(many.gradient.flat, one.gradient.flat, rtol=1e-11, atol=1e-16)
    np.testing.assert_allclose(state_many, state_one, rtol=1e-13)
    many.close()


def test_the_same_split_gives_the_same_bytes():
    network, inputs, targets, state = window(6)
    results = []
    for _ in range(20):
        split = StreamSplit(network.astype(np.float32), 9, 6, 3)
        split.loss_and_gradient(inputs, targets, state.astype(np.float32))
        results.append(split.gradient.flat.tobytes())
        split.close()
    assert len(set(results)) == 1


def test_an_error_in_a_thread_is_an_error_here():
    network, inputs, targets, state = window(4)
    split = StreamSplit(network, 9, 4, 2)
    with pytest.raises(IndexError):
        split.loss_and_gradient(inputs, targets + 100, state)
    split.close()
