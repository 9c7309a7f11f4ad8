"""Where a stream is reset within a window: proved against four oracles, and against documents read one by one."""

from dataclasses import replace

import numpy as np
import pytest
from slow import mostly_slow

from charrnn.diagnostics.gradcheck.case import random_window
from charrnn.diagnostics.gradcheck.gradcheck import all_pass, analytic_gradients, gradcheck
from charrnn.diagnostics.gradcheck.oracles import ORACLES
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.window_options import WindowOptions

T, B, V = 8, 4, 6
BEGINS = np.zeros((T, B), bool)
BEGINS[0, 1] = BEGINS[T - 1, 2] = True  # the first step and the last
BEGINS[2, 1] = BEGINS[3, 1] = True  # one right after the other
BEGINS[5] = True  # all streams at once


def make(cell, reset_mask=BEGINS, num_layers=2, **options):
    generator = np.random.default_rng(3)
    network = Network.fresh(Architecture(V, 5, cell, num_layers=num_layers), generator, np.float64)
    network.parameters.flat[:] += generator.normal(0, 0.3, len(network.parameters))
    ids = generator.integers(0, V, (T + 1, B))
    case = random_window(network, generator)
    state = generator.uniform(-0.9, 0.9, network.architecture.state_shape(B))
    options = WindowOptions(reset_mask=reset_mask, **options)
    return replace(case, inputs=ids[:-1], targets=ids[1:], state=state, options=options)


@pytest.mark.parametrize("cell", CELLS)
@mostly_slow("num_layers", [1, 2], one_in=2)
def test_the_gradient_equals_every_oracle(cell, num_layers):
    checks = list(gradcheck(make(cell, num_layers=num_layers), tuple(ORACLES)))
    assert all_pass(checks)
    assert {check.oracle for check in checks} == set(ORACLES)


@mostly_slow("cell", CELLS, one_in=2)
@mostly_slow("loss_steps", [3, None, 1, 6], one_in=4, slow_in=3)
@pytest.mark.parametrize("dropout", [None, Dropout(0.4, seed=1, step=2)])
def test_with_a_stride_and_with_dropout_too(cell, loss_steps, dropout):
    assert all_pass(list(gradcheck(make(cell, loss_steps=loss_steps, dropout=dropout), ["complex-step"])))


@pytest.mark.parametrize("nonlinearity", ["sigmoid", "relu"])
def test_with_every_nonlinearity(nonlinearity):
    network = Network.fresh(Architecture(V, 5, nonlinearity=nonlinearity), np.random.default_rng(0), np.float64)
    case = make("rnn", num_layers=1)
    assert all_pass(list(gradcheck(replace(case, network=network), ["complex-step"])))


@pytest.mark.parametrize("cell", CELLS)
def test_a_window_of_documents_equals_each_document_alone_from_zero(cell):
    case = make(cell)
    total, gradient = 0.0, case.network.parameters.zeros_like()
    for b in range(B):
        starts = [0, *(t for t in range(1, T) if BEGINS[t, b])]
        for start, end in zip(starts, [*starts[1:], T], strict=True):
            piece = slice(start, end), slice(b, b + 1)
            state = case.network.zero_state(1) if BEGINS[start, b] else case.state[:, b : b + 1]
            ws, own = case.network.workspace(end - start, 1), case.network.parameters.zeros_like()
            total += case.network.forward(case.inputs[piece], case.targets[piece], state, ws)
            case.network.backward(case.count, ws, own)
            gradient.flat[:] += own.flat
    assert case.loss(case.network, case.state).real * case.count == pytest.approx(total, rel=1e-13)
    for name, expected in gradient.items():
        np.testing.assert_allclose(analytic_gradients(case)[name], expected, rtol=1e-9, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_no_state_survives_a_reset(cell):
    case = make(cell)
    ws, other = case.workspace(case.network), case.workspace(case.network)
    changed = case.inputs.copy()
    changed[:5] = (changed[:5] + 1) % V
    case.network.logits(case.inputs, case.state, ws, BEGINS)
    case.network.logits(changed, -case.state, other, BEGINS)
    np.testing.assert_array_equal(ws.logits[5:], other.logits[5:])
    assert np.abs(ws.logits[4] - other.logits[4]).min() > 0


@pytest.mark.parametrize("cell", CELLS)
def test_the_states_after_each_step_stay_as_they_were(cell):
    """What the readout and the layer above read is not what the next step reads."""
    case = make(cell, reset_mask=BEGINS[: T - 1])
    whole, cut = case.network.workspace(T - 1, B), case.network.workspace(5, B)
    args = case.inputs[: T - 1], case.targets[: T - 1], case.state
    case.network.forward(*args, whole, case.options)
    case.network.forward(*(ids[:5] for ids in args[:2]), case.state, cut, WindowOptions(reset_mask=BEGINS[:5]))
    np.testing.assert_array_equal(whole.state_after(5), cut.state)
    before = whole.hidden
    case.network.backward(1, whole, case.network.parameters.zeros_like(), case.options)
    np.testing.assert_array_equal(whole.hidden, before)
    np.testing.assert_array_equal(whole.state_after(5), cut.state)


@pytest.mark.parametrize("cell", CELLS)
def test_no_resets_change_nothing_and_a_reset_at_the_first_step_discards_the_initial_state(cell):
    none = analytic_gradients(make(cell, reset_mask=None))
    for name, found in analytic_gradients(make(cell, reset_mask=np.zeros((T, B), bool))).items():
        np.testing.assert_array_equal(found, none[name])
    first = np.zeros((T, B), bool)
    first[0] = True
    case = make(cell, reset_mask=first)
    assert not analytic_gradients(case)["h_0"].any()
    zero = replace(case, state=np.zeros_like(case.state), options=WindowOptions())
    for name, found in analytic_gradients(case).items():
        if name != "h_0":
            np.testing.assert_allclose(found, analytic_gradients(zero)[name], rtol=1e-12, atol=1e-16)
