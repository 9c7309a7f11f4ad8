"""Every cell, in layers: the fast code equals the plain equations of diagnostics/gradcheck/reference_cells.py, and its parts fit together."""

import numpy as np
import pytest

from charrnn.diagnostics.gradcheck.case import small_case
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.window_options import WindowOptions

KINDS = pytest.mark.parametrize(("cell", "num_layers"), [(cell, n) for cell in CELLS for n in (1, 2, 3)])


@KINDS
def test_the_states_of_every_layer_equal_the_plain_equations(cell, num_layers):
    case = small_case(Architecture(7, 5, cell, num_layers=num_layers), 0)
    ws = case.workspace(case.network)
    case.network.logits(case.inputs, case.state, ws)
    for b, run in enumerate(case.streams):
        after = np.concatenate([step.after for step in run.steps[-1]]).reshape(-1, 5)
        np.testing.assert_allclose(ws.state[:, b], after, rtol=1e-12, atol=1e-15)


def test_a_deep_readout_equals_its_equations():
    case = small_case(Architecture(7, 5, readout="deep"), 0)
    ws, p = case.workspace(case.network), case.network.parameters
    case.network.logits(case.inputs, case.state, ws)
    h = ws.hidden[-1]
    reads = h @ p["W_hr"] + p["b_r"]
    assert 0 < (reads > 0).mean() < 1, "units are on, and off"
    logits = (h + np.where(reads > 0, reads, 0)) @ p["W_hy"] + p["b_y"]
    np.testing.assert_allclose(ws.logits, logits, rtol=1e-12, atol=1e-14)


@KINDS
def test_the_loss_on_the_last_steps_alone_is_their_share_of_the_whole(cell, num_layers):
    network, case = (made := small_case(Architecture(7, 5, cell, num_layers=num_layers), 0)).network, made
    ws = case.workspace(network)
    whole = network.forward(case.inputs, case.targets, case.state, ws)
    last = network.forward(case.inputs, case.targets, case.state, ws, WindowOptions(loss_steps=2))
    half = network.workspace(4, 3)
    first = network.forward(case.inputs[:4], case.targets[:4], case.state, half)
    assert first + last == pytest.approx(whole, rel=1e-13)


@KINDS
def test_single_precision_is_within_1e5_of_double(cell, num_layers):
    case = small_case(Architecture(7, 5, cell, num_layers=num_layers), 0)
    found = []
    for dtype in (np.float64, np.float32):
        network = case.network.astype(dtype)
        ws, gradient = network.workspace(6, 3), network.parameters.zeros_like()
        loss = network.forward(case.inputs, case.targets, case.state.astype(dtype), ws)
        network.backward(18, ws, gradient)
        found.append((loss, gradient.flat))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-5)
    np.testing.assert_allclose(found[1][1], found[0][1], atol=1e-5 * np.abs(found[0][1]).max())


def test_parameters_are_named_as_in_the_equations_and_carry_the_layer_from_the_second_on():
    assert list(Architecture(7, 5, "rnn", num_layers=2).shapes()) == [
        "W_xh", "W_hh", "b_h", "W_xh_2", "W_hh_2", "b_h_2", "W_hy", "b_y",
    ]  # fmt: skip
    assert Architecture(7, 5, "lstm").shapes()["W_xh"] == (4, 7, 5)
    assert Architecture(7, 5, "gru", num_layers=2).shapes()["W_xh_2"] == (3, 5, 5)
