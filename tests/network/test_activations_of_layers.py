"""What a workspace gives as states and gates is what the equations have under these names."""

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.network import Network


def run(cell):
    net = Network.fresh(Architecture(5, 4, cell, num_layers=2), np.random.default_rng(0), np.float64)
    state = np.random.default_rng(1).normal(size=net.architecture.state_shape(3))
    ws = net.workspace(6, 3)
    net.logits(np.random.default_rng(2).integers(0, 5, (6, 3)), state, ws)
    return state, ws


def before(first, values):
    """(T, B, H) of the states before each step, from those after it."""
    return np.concatenate([first[np.newaxis], values[:-1]])


def test_the_rnn_has_its_hidden_states():
    _, ws = run("rnn")
    assert [*ws.activations] == ["h", "h_2"]
    np.testing.assert_array_equal(np.stack([*ws.activations.values()]), ws.hidden)


def test_the_gru_interpolates_with_z_between_n_and_h():
    state, ws = run("gru")
    assert [*ws.activations] == ["h", "r", "z", "n", "h_2", "r_2", "z_2", "n_2"]
    for layer, suffix in enumerate(["", "_2"]):
        h, z, n = (ws.activations[name + suffix] for name in "hzn")
        np.testing.assert_allclose(h, (1 - z) * n + z * before(state[layer], h), rtol=1e-12)
        assert ((ws.activations["r" + suffix] > 0) & (ws.activations["r" + suffix] < 1)).all()


def test_the_lstm_forgets_with_f_lets_in_with_i_and_out_with_o():
    state, ws = run("lstm")
    assert [*ws.activations] == [*"hcifog", *(f"{name}_2" for name in "hcifog")]
    for layer, suffix in enumerate(["", "_2"]):
        h, c, i, f, o, g = (ws.activations[name + suffix] for name in "hcifog")
        np.testing.assert_allclose(c, f * before(state[2 * layer + 1], c) + i * g, rtol=1e-12)
        np.testing.assert_allclose(h, o * np.tanh(c), rtol=1e-12)
