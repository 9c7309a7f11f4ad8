from dataclasses import replace

import numpy as np
import pytest

from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.initialisation import orthogonal
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


@pytest.mark.parametrize("cell", CELLS)
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


def test_an_orthogonal_start_favours_no_direction():
    """Of a matrix drawn evenly from all orthogonal ones, each entry is as often above 0 as below, and half are rotations."""
    generator = np.random.default_rng(0)
    drawn = np.array([orthogonal(5, generator) for _ in range(600)])
    share = (drawn > 0).mean(axis=0)
    assert np.abs(share - 0.5).max() < 0.1, share
    assert 0.42 < (np.linalg.det(drawn) > 0).mean() < 0.58


@pytest.mark.parametrize("initialisation", ["uniform", "orthogonal"])
@pytest.mark.parametrize("readout", ["linear", "deep"])
@pytest.mark.parametrize("cell", CELLS)
def test_every_matrix_is_uniform_within_one_over_the_root_of_h(cell, readout, initialisation):
    """H = 64: within 1/8, and of 4,096 numbers or more the largest is within a hundredth of it."""
    architecture = Architecture(65, 64, cell, num_layers=2, readout=readout, initialisation=initialisation)
    parameters = Network.fresh(architecture, np.random.default_rng(0), np.float64).parameters
    matrices = {name: view for name, view in parameters.items() if name.startswith("W")}
    if initialisation == "orthogonal":
        matrices = {name: view for name, view in matrices.items() if not name.startswith("W_hh")}
    assert ("W_hr" in matrices) == (readout == "deep")
    for name, view in matrices.items():
        assert 0.99 / 8 < np.abs(view).max() <= 1 / 8, name
        assert view.std() == pytest.approx(1 / 8 / np.sqrt(3), rel=0.03), name


@pytest.mark.parametrize("readout", ["linear", "deep"])
@pytest.mark.parametrize("cell", CELLS)
def test_held_biases_are_0_and_the_weights_are_unchanged(cell, readout):
    made = Architecture(9, 4, cell, num_layers=2, readout=readout)
    held = Network.fresh(replace(made, bias=False), np.random.default_rng(0)).parameters
    for name, view in Network.fresh(made, np.random.default_rng(0)).parameters.items():
        if name.startswith("b"):
            assert not held[name].any(), name
        else:
            np.testing.assert_array_equal(held[name], view)


def test_the_names_of_held_biases_and_of_frozen_parameters():
    with_biases = Architecture(9, 4, "gru", num_layers=2, readout="deep")
    held = replace(with_biases, bias=False)
    assert with_biases.held_biases() == with_biases.frozen_names() == ()
    assert held.held_biases() == held.frozen_names() == ("b_xh", "b_hh", "b_xh_2", "b_hh_2", "b_r", "b_y")
    assert with_biases.frozen_names(["layer2"]) == ("W_xh_2", "b_xh_2", "W_hh_2", "b_hh_2")
    assert held.frozen_names(["readout"]) == ("b_xh", "b_hh", "b_xh_2", "b_hh_2", "W_hr", "b_r", "W_hy", "b_y")
