import numpy as np
import pytest

from charrnn.network.architecture import Architecture
from charrnn.network.network import Network


def test_matrices_are_uniform_within_their_bound_and_biases_zero():
    parameters = Network.fresh(Architecture(65, 64), np.random.default_rng(0), np.float64).parameters
    for name, view in parameters.items():
        if view.ndim == 1:
            assert not view.any(), name
        else:
            assert 0.12 < np.abs(view).max() <= 1 / 8, name
            assert abs(view.std() - 1 / 8 / np.sqrt(3)) < 0.01, name
    radius = np.abs(np.linalg.eigvals(parameters["W_hh"])).max()
    assert 0.5 < radius < 0.65


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


def test_the_lstm_begins_by_remembering():
    network = Network.fresh(Architecture(9, 4, "lstm", num_layers=2), np.random.default_rng(0))
    for name in ("b_h", "b_h_2"):
        assert network.parameters[name].tolist() == [[0] * 4, [1] * 4, [0] * 4, [0] * 4]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_orthogonal_gate_by_gate(cell):
    network = Network.fresh(
        Architecture(9, 6, cell, num_layers=2, initialisation="orthogonal"), np.random.default_rng(0), float
    )
    for name in ("W_hh", "W_hh_2"):
        for block in network.parameters[name].reshape(-1, 6, 6):
            np.testing.assert_allclose(block @ block.T, np.eye(6), atol=1e-14)


def test_identity_makes_every_relu_unit_an_integrator():
    network = Network.fresh(Architecture(9, 6, "rnn", "relu", initialisation="identity"), np.random.default_rng(0))
    np.testing.assert_array_equal(network.parameters["W_hh"], np.eye(6))
