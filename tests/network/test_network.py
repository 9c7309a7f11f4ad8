import numpy as np
import plain
import pytest

from charrnn.errors import NetworkError
from charrnn.network.activations import NONLINEARITIES
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.network.readout import log_softmax
from charrnn.network.stepper import Stepper

T, B, V, H = 6, 3, 7, 5


def make(nonlinearity="tanh", dtype=np.float64, seed=0):
    generator = np.random.default_rng(seed)
    network = Network.fresh(Architecture(V, H, nonlinearity=nonlinearity), generator, dtype)
    network.parameters.flat[:] += generator.normal(0, 0.3, len(network.parameters))
    ids = generator.integers(0, V, (2 * T + 1, B))
    state = generator.uniform(-0.9, 0.9, network.zero_state(B).shape).astype(dtype)
    return network, ids[:-1], ids[1:], state


def run(network, inputs, targets, state):
    """Loss summed, state after, gradient of the mean loss, gradient of the state that came in."""
    ws, gradient = network.workspace(*inputs.shape), network.parameters.zeros_like()
    loss = network.forward(inputs, targets, state, ws)
    after = ws.state
    dstate = network.backward(inputs.size, ws, gradient)
    return loss, after, gradient, dstate


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_forward_and_backward_equal_the_plain_equations(nonlinearity):
    network, inputs, targets, state = make(nonlinearity)
    weights = {name: view.copy() for name, view in network.parameters.items()}
    plain_loss, tape = plain.forward(weights, inputs, targets, state[0], nonlinearity)
    loss, after, gradient, dstate = run(network, inputs, targets, state)
    assert loss / inputs.size == pytest.approx(plain_loss, rel=1e-14)
    np.testing.assert_allclose(after[0], tape[2][-1], rtol=1e-13)
    for name, expected in plain.backward(weights, tape, nonlinearity).items():
        found = dstate if name == "h_0" else gradient[name]
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-15, err_msg=name)


def test_single_precision_is_within_1e5_of_double():
    network, inputs, targets, state = make()
    loss, _, gradient, _ = run(network, inputs, targets, state)
    loss32, _, gradient32, _ = run(network.astype(np.float32), inputs, targets, state.astype(np.float32))
    assert loss32 == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(gradient32.flat, gradient.flat, atol=1e-5 * np.abs(gradient.flat).max())


def test_two_windows_of_T_equal_one_window_of_2T():
    network, inputs, targets, state = make()
    whole, after, _, _ = run(network, inputs, targets, state)
    first, between, _, _ = run(network, inputs[:T], targets[:T], state)
    second, end, _, _ = run(network, inputs[T:], targets[T:], between)
    assert first + second == pytest.approx(whole, rel=1e-14)
    np.testing.assert_allclose(end, after, rtol=1e-14)


def test_the_gradient_does_not_cross_the_start_of_the_window():
    """The second window's gradient depends on the state that came in, not on how it came about."""
    network, inputs, targets, state = make()
    _, between, _, _ = run(network, inputs[:T], targets[:T], state)
    _, _, after_a_window, _ = run(network, inputs[T:], targets[T:], between)
    _, _, from_nowhere, _ = run(network, inputs[T:], targets[T:], between.copy())
    np.testing.assert_array_equal(after_a_window.flat, from_nowhere.flat)
    _, _, whole, _ = run(network, inputs, targets, state)
    _, _, head, _ = run(network, inputs[:T], targets[:T], state)
    halves = (head["W_hh"] + after_a_window["W_hh"]) / 2
    assert np.abs(whole["W_hh"] - halves).max() > 1e-3, "full BPTT has terms that truncation cuts"
    np.testing.assert_allclose(whole["W_hy"], (head["W_hy"] + after_a_window["W_hy"]) / 2, rtol=1e-10)


@pytest.mark.parametrize("readout", ["linear", "deep"])
@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_one_step_at_a_time_equals_a_window(cell, num_layers, readout, B):
    architecture = Architecture(6, 5, cell, num_layers=num_layers, readout=readout)
    network = Network.fresh(architecture, np.random.default_rng(0), np.float64)
    network.parameters.flat[:] += np.random.default_rng(3).normal(0, 0.3, len(network.parameters))
    inputs = np.random.default_rng(1).integers(0, 6, (9, B))
    state = np.random.default_rng(2).normal(size=network.architecture.state_shape(B))
    ws = network.workspace(*inputs.shape)
    network.logits(inputs, state, ws)
    step = Stepper(network, state)
    np.testing.assert_array_equal(step.state, state)
    for t, ids in enumerate(inputs):
        np.testing.assert_allclose(step(ids), ws.logits[t], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(step.state, ws.state, rtol=1e-13)


def test_a_permutation_of_the_streams_permutes_the_result():
    network, inputs, targets, state = make()
    order = [2, 0, 1]
    loss, after, gradient, _ = run(network, inputs, targets, state)
    loss_p, after_p, gradient_p, _ = run(network, inputs[:, order], targets[:, order], state[:, order])
    assert loss_p == pytest.approx(loss, rel=1e-13)
    np.testing.assert_allclose(after_p, after[:, order], rtol=1e-13)
    np.testing.assert_allclose(gradient_p.flat, gradient.flat, rtol=1e-10, atol=1e-15)


def test_a_later_character_moves_no_earlier_logit_and_a_first_one_moves_the_last():
    network, inputs, _, state = make()
    ws, changed_ws = network.workspace(*inputs.shape), network.workspace(*inputs.shape)
    network.logits(inputs, state, ws)
    for at, unchanged in ((-1, slice(None, -1)), (T, slice(None, T))):
        changed = inputs.copy()
        changed[at] = (changed[at] + 1) % V
        network.logits(changed, state, changed_ws)
        np.testing.assert_array_equal(changed_ws.logits[unchanged], ws.logits[unchanged])
    first = inputs.copy()
    first[0] = (first[0] + 1) % V
    network.logits(first, state, changed_ws)
    assert np.abs(changed_ws.logits[-1] - ws.logits[-1]).max() > 1e-6


def test_a_backward_fills_its_outputs_and_never_accumulates():
    network, inputs, targets, state = make()
    ws, gradient = network.workspace(*inputs.shape), network.parameters.zeros_like()
    results = []
    for rubbish in (0, 1e6):
        gradient.flat[:] = rubbish
        network.forward(inputs, targets, state, ws)
        results.append((network.backward(inputs.size, ws, gradient), gradient.flat.copy()))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_huge_logits_do_not_overflow():
    network, inputs, targets, state = make(dtype=np.float32)
    with np.errstate(over="raise", invalid="raise"):
        network.parameters["b_y"][:] = np.linspace(-1e30, 1e30, V)
        loss, *_ = run(network, inputs, targets, state)
    assert np.isfinite(loss)


def test_log_softmax_takes_minus_infinity():
    assert np.exp(log_softmax(np.array([0.0, -np.inf, 0.0]))).tolist() == [0.5, 0.0, 0.5]


def test_a_window_of_another_size_is_an_error():
    network, inputs, targets, state = make()
    with pytest.raises(NetworkError, match="does not fit a workspace"):
        network.forward(inputs[:3], targets[:3], state, network.workspace(T, B))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cell": "lstmm"}, "unknown cell 'lstmm'"),
        ({"nonlinearity": "cube"}, "unknown nonlinearity 'cube'; there are tanh, sigmoid, relu"),
        ({"hidden_size": 0}, "at least one"),
        ({"hidden_size": 1 << 20}, "too large"),
    ],
)
def test_invalid_networks_are_refused(values, message):
    with pytest.raises(NetworkError, match=message):
        Architecture(**{"vocab_size": 5, "hidden_size": 5, **values})


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("V", [2, 7, 500])
def test_the_look_ups_gradient_is_the_sum_over_the_places_of_each_character(cell, V):
    network = Network.fresh(Architecture(V, 5, cell), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, V, (5, 3))
    ws, gradient = network.workspace(4, 3), network.parameters.zeros_like()
    gradient.flat[:] = np.nan
    network.forward(ids[:-1], ids[1:], network.zero_state(3), ws)
    network.backward(12, ws, gradient)
    da = ws.layers[0].cell.da.reshape(-1, 12, 5)
    expected = np.zeros((len(da), V, 5))
    for place, character in enumerate(ids[:-1].ravel()):
        expected[:, character] += da[:, place]
    np.testing.assert_allclose(gradient["W_xh"].reshape(expected.shape), expected, rtol=1e-12, atol=1e-15)
    bias = gradient[network.architecture.make_cell().input_bias]
    np.testing.assert_allclose(bias.reshape(-1, 5), da.sum(axis=1), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("cell", CELLS)
def test_backward_reports_the_final_part_of_the_gradient(cell):
    network = Network.fresh(Architecture(5, 4, cell, num_layers=3), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 5, (7, 3))
    ws, gradient = network.workspace(6, 3), network.parameters.zeros_like()
    network.forward(ids[:-1], ids[1:], network.zero_state(3), ws)
    reports = []
    network.backward(
        18, ws, gradient, on_gradient_ready=lambda index: reports.append((index, gradient.flat[index:].copy()))
    )
    assert [index for index, _ in reports][-1] == 0
    assert len(reports) == 3
    for index, then in reports:
        assert (then == gradient.flat[index:]).all()
        assert np.abs(gradient.flat[:index]).sum() > 0 or index == 0
    assert reports[0][0] == network.parameters.place("W_xh_3").start
