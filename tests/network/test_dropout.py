import numpy as np
import pytest

from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.window_options import WindowOptions


def mask(rate=0.3, shape=(40, 30, 50), seed=1, step=1, first_stream=0, layer=0):
    made = np.full(shape, np.nan, np.float32)
    Dropout(rate, seed, step, first_stream).fill(made, layer)
    return made


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_the_share_and_the_mean_are_kept(rate):
    found = mask(rate)
    assert np.mean(found == 0) == pytest.approx(rate, abs=0.01)
    assert found.mean() == pytest.approx(1, abs=0.03)
    assert len(np.unique(found)) == (1 if rate == 0 else 2)


def test_a_rate_next_to_one_is_still_a_rate():
    found = mask(0.9999999)
    assert np.isfinite(found).all()
    assert set(np.unique(found)) <= {0, 65536}


def test_a_mask_is_a_function_of_seed_step_layer_and_stream():
    np.testing.assert_array_equal(mask(), mask())
    for change in ({"seed": 2}, {"step": 2}, {"layer": 1}, {"first_stream": 1}):
        assert (mask(**change) != mask()).mean() > 0.3
    np.testing.assert_array_equal(mask(first_stream=1)[:, :29], mask()[:, 1:])


def test_units_and_steps_are_dropped_independently():
    found = (mask(0.5, (200, 1, 200)) == 0)[:, 0]
    assert abs(np.corrcoef(found[:-1].ravel(), found[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(found[:, :-1].ravel(), found[:, 1:].ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("num_layers", [1, 2])
def test_the_mean_of_the_logits_over_masks_is_about_that_without(cell, num_layers):
    """Exactly so for one layer: the readout is linear in what was dropped."""
    network = Network.fresh(Architecture(7, 20, cell, num_layers=num_layers), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 7, (5, 3))
    ws, state = network.workspace(4, 3, dropout=True), network.zero_state(3)
    network.logits(ids[:-1], state, ws)
    without, total = ws.logits.copy(), 0
    for step in range(400):
        network.forward(ids[:-1], ids[1:], state, ws, WindowOptions(dropout=Dropout(0.3, 0, step)))
        total = total + ws.layers[-1].dropped @ network.parameters["W_hy"] + network.parameters["b_y"]
    np.testing.assert_allclose(total / 400, without, atol=0.03)


def test_without_dropout_a_workspace_with_room_for_it_gives_the_same():
    network = Network.fresh(Architecture(7, 5, "lstm", num_layers=2), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 7, (5, 3))
    with_room, without = network.workspace(4, 3, dropout=True), network.workspace(4, 3)
    state = network.zero_state(3)
    network.forward(ids[:-1], ids[1:], state, with_room, WindowOptions(dropout=Dropout(0.5, 0, 0)))
    assert network.forward(ids[:-1], ids[1:], state, with_room) == network.forward(ids[:-1], ids[1:], state, without)
