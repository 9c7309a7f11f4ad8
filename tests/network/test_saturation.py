import numpy as np
import pytest

from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.saturation import saturated_units


def state_of(architecture, B=4):
    return np.zeros(architecture.state_shape(B))


@pytest.mark.parametrize("cell", CELLS)
def test_tanh_units_near_either_end_are_saturated(cell):
    architecture = Architecture(cell=cell, vocab_size=5, hidden_size=8, num_layers=2)
    state = state_of(architecture)
    arrays = len(state) // 2
    state[0, :, :4] = 0.995
    state[arrays, 0, :] = -0.995
    state[arrays, 1, :] = 0.985
    assert saturated_units(architecture, state) == (4 * 4 + 8) / (2 * 4 * 8)


def test_the_cell_state_of_an_lstm_does_not_count():
    architecture = Architecture(cell="lstm", vocab_size=5, hidden_size=8)
    state = state_of(architecture)
    state[1] = 100.0
    assert saturated_units(architecture, state) == 0.0


def test_sigmoid_units_near_0_or_1_are_saturated():
    architecture = Architecture(cell="rnn", nonlinearity="sigmoid", vocab_size=5, hidden_size=4)
    state = state_of(architecture)
    state[0] = [0.005, 0.995, 0.5, 0.02]
    assert saturated_units(architecture, state) == 0.5


def test_a_relu_unit_is_dead_when_it_is_off_in_every_stream():
    architecture = Architecture(cell="rnn", nonlinearity="relu", vocab_size=5, hidden_size=4)
    state = state_of(architecture)
    state[0, :, 0] = 1.0
    state[0, 2, 1] = 0.1
    assert saturated_units(architecture, state) == 0.5
