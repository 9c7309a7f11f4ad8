import numpy as np

from charrnn.network.initialisation import orthogonal
from charrnn.network.network import Architecture, Network


def test_orthogonal_matrices_are_orthogonal():
    matrix = orthogonal(20, np.random.default_rng(0))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(20), atol=1e-14)


def test_both_precisions_start_from_the_same_weights():
    single, double = (
        Network.fresh(Architecture(9, 4), np.random.default_rng(3), dtype) for dtype in (np.float32, np.float64)
    )
    np.testing.assert_allclose(single.parameters.flat, double.parameters.flat, rtol=1e-7)


def test_a_fresh_network_guesses_evenly():
    """Its loss is near ln V: nothing is known, and nothing wrong is believed."""
    network = Network.fresh(Architecture(65, 64), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 65, (20, 8))
    loss = network.forward(ids[:-1], ids[1:], network.zero_state(8), network.workspace(19, 8)) / (19 * 8)
    assert abs(loss - np.log(65)) < 0.1
