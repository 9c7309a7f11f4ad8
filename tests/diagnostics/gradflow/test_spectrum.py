import numpy as np
import pytest

from charrnn.diagnostics.gradflow.spectrum import STEEPEST, conditions, spectra
from charrnn.network.activations import NONLINEARITIES
from charrnn.network.architecture import CELLS, GATED, Architecture
from charrnn.network.network import Network
from charrnn.network.saturation import layer_saturation


@pytest.mark.parametrize(("name", "steepest"), [("tanh", 1), ("sigmoid", 0.25), ("relu", 1)])
def test_the_steepest_slope_of_each_nonlinearity(name, steepest):
    a = np.linspace(-5, 5, 10_001)
    h, slope = np.empty_like(a), np.empty_like(a)
    NONLINEARITIES[name].apply(a, h)
    NONLINEARITIES[name].slope(h, slope)
    assert slope.max() == pytest.approx(steepest, rel=1e-12) == STEEPEST[name]


def test_a_triangular_matrix_forgets_in_the_end_and_amplifies_before():
    [found] = spectra("rnn", np.array([[0.5, 3.0], [0.0, 0.4]]))
    assert found.spectral_radius == pytest.approx(0.5)
    assert found.singular_values[0] > 3
    assert found.singular_values == sorted(found.singular_values, reverse=True)
    assert conditions("tanh", found).may_explode
    assert not conditions("tanh", found).must_vanish


def test_the_conditions_look_at_the_singular_value_and_the_steepest_slope():
    [tall] = spectra("rnn", np.diag([3.9, 0.1]))
    assert conditions("sigmoid", tall).must_vanish
    assert conditions("tanh", tall).may_explode
    assert not conditions("tanh", tall).must_vanish
    assert not conditions("sigmoid", tall).may_explode


def test_each_gate_has_its_own_matrix():
    W = np.stack([factor * np.eye(3) for factor in (1, 2, 3, 4)])
    assert [(found.gate, found.spectral_radius) for found in spectra("lstm", W)] == [
        ("i", 1),
        ("f", 2),
        ("o", 3),
        ("g", 4),
    ]


@pytest.mark.parametrize(("cell", "nonlinearity"), [("rnn", "sigmoid"), *((cell, "tanh") for cell in CELLS)])
@pytest.mark.parametrize(("bias", "share"), [(30, 1.0), (0, 0.0)])
def test_a_large_bias_saturates_every_unit_and_none_is_saturated_at_zero(cell, nonlinearity, bias, share):
    architecture = Architecture(4, 3, cell, nonlinearity)
    network = Network.fresh(architecture, np.random.default_rng(0), np.float64)
    network.parameters.flat[:] = 0
    for name, view in network.parameters.items():
        if name in ("b_h", "b_xh"):
            view[:] = bias
    ws = network.workspace(4, 1)
    network.logits(np.zeros((4, 1), np.intp), network.zero_state(1) + (9 if cell == "lstm" and bias else 0), ws)
    assert set(layer_saturation(architecture, ws.layers[0].cell).values()) == {share}


@pytest.mark.parametrize("cell", GATED)
def test_each_share_is_of_its_own_gate(cell):
    architecture = Architecture(4, 3, cell)
    equations = architecture.make_cell()
    for number in range(equations.gates):
        network = Network.fresh(architecture, np.random.default_rng(0), np.float64)
        network.parameters.flat[:] = 0
        network.layers[0][equations.input_bias][number] = 30
        ws = network.workspace(4, 1)
        network.logits(np.zeros((4, 1), np.intp), network.zero_state(1), ws)
        names = [name for name in ws.layers[0].cell.activations if name not in "hc"]
        found = layer_saturation(architecture, ws.layers[0].cell)
        assert [name for name in names if found[name] == 1] == [names[number]]


def test_a_gate_and_a_cell_state_are_flat_only_beyond_99_percent():
    architecture = Architecture(4, 3, "lstm")
    network = Network.fresh(architecture, np.random.default_rng(0), np.float64)
    network.parameters.flat[:] = 0
    for share, bias, c in (
        (0, 4.5, 2.6),
        (1, 4.7, 2.7),
    ):  # σ(4.5) = 0.989, σ(4.7) = 0.991; tanh 2.6 = 0.989, tanh 2.7 = 0.991
        network.layers[0]["b_h"][:2] = [[bias], [100]]  # the forget gate is 1
        ws = network.workspace(1, 1)
        network.logits(np.zeros((1, 1), np.intp), np.array([[[0.0] * 3], [[c] * 3]]), ws)
        found = layer_saturation(architecture, ws.layers[0].cell)
        assert (found["i"], found["tanh c"]) == (share, share)


def test_a_relu_that_is_off_is_saturated():
    architecture = Architecture(4, 3, "rnn", "relu")
    network = Network.fresh(architecture, np.random.default_rng(0), np.float64)
    network.parameters.flat[:] = 0
    network.parameters["b_h"][:] = [1, -1, -1]
    ws = network.workspace(2, 1)
    network.logits(np.zeros((2, 1), np.intp), network.zero_state(1), ws)
    assert layer_saturation(architecture, ws.layers[0].cell) == {"h": pytest.approx(2 / 3)}


def test_the_state_that_came_in_is_not_of_the_steps():
    """A cell state of 10, where tanh is flat, which the first step forgets."""
    architecture = Architecture(5, 4, "lstm")
    network = Network.fresh(architecture, np.random.default_rng(0), np.float64)
    network.parameters.flat[:] = 0
    network.parameters["b_h"][1] = -100
    ws = network.workspace(3, 2)
    network.logits(np.zeros((3, 2), np.intp), np.full(network.architecture.state_shape(2), 10.0), ws)
    assert layer_saturation(architecture, ws.layers[0].cell)["tanh c"] == 0


@pytest.mark.parametrize("nonlinearity", ["tanh", "sigmoid", "relu"])
def test_the_state_that_came_in_is_not_of_the_steps_of_an_rnn(nonlinearity):
    architecture = Architecture(5, 4, nonlinearity=nonlinearity)
    network = Network.fresh(architecture, np.random.default_rng(0), np.float64)
    network.parameters.flat[:] = 0
    network.parameters["b_h"][:] = 0.5
    ws = network.workspace(3, 2)
    network.logits(np.zeros((3, 2), np.intp), np.full(network.architecture.state_shape(2), -1.0), ws)
    assert layer_saturation(architecture, ws.layers[0].cell) == {"h": 0}
