from dataclasses import replace

import numpy as np
import pytest
from sigmoids import each_sigmoid, use_sigmoid
from slow import mostly_slow

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.diagnostics.gradcheck import gradcheck as module
from charrnn.diagnostics.gradcheck.case import random_window, small_case
from charrnn.diagnostics.gradcheck.gradcheck import Report, all_pass, analytic_gradients, gradcheck
from charrnn.diagnostics.gradcheck.oracles import ORACLES, Derivatives, central_difference, complex_step
from charrnn.diagnostics.gradcheck.properties import Property, check_properties
from charrnn.errors import CheckError
from charrnn.network.architecture import CELLS, GATED, Architecture
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network

TANH = Architecture(7, 5)


@pytest.mark.parametrize("nonlinearity", ["tanh", "sigmoid", "relu"])
@mostly_slow("seed", range(5), one_in=5, slow_in=3)
def test_bptt_equals_every_oracle_on_every_entry(nonlinearity, seed):
    case = small_case(Architecture(7, 5, nonlinearity=nonlinearity), seed)
    checks = list(gradcheck(case))
    assert all_pass(checks)
    assert {check.parameter for check in checks} == {"W_xh", "W_hh", "b_h", "W_hy", "b_y", "h_0"}
    assert {check.oracle for check in checks} == set(ORACLES)
    assert all(check.entries == np.prod(check.shape) for check in checks)
    assert max(check.max_relative_error for check in checks if check.oracle == "complex-step") <= 1e-10
    assert max(check.max_relative_error for check in checks if check.oracle == "central") <= 1e-6


@each_sigmoid
@pytest.mark.parametrize(("cell", "nonlinearity"), [("rnn", "sigmoid"), *((cell, "tanh") for cell in GATED)])
def test_either_way_to_compute_a_sigmoid_has_the_gradients_of_every_oracle(cell, nonlinearity, apply, monkeypatch):
    use_sigmoid(apply, monkeypatch)
    checks = list(gradcheck(small_case(Architecture(7, 5, cell, nonlinearity), 0)))
    assert {check.oracle for check in checks} == set(ORACLES)
    assert [check for check in checks if not check.passed] == []


@mostly_slow("num_layers", [1, 2], one_in=2)
@pytest.mark.parametrize("cell", CELLS)
def test_a_deep_readout_equals_every_oracle_on_every_entry(cell, num_layers):
    case = small_case(Architecture(7, 5, cell, num_layers=num_layers, readout="deep"), 0)
    checks = list(gradcheck(case))
    assert {check.oracle for check in checks if check.parameter == "W_hr"} == set(ORACLES)
    assert [check for check in checks if not check.passed] == []


@mostly_slow("readout", ["linear", "deep"], one_in=2)
@pytest.mark.parametrize("cell", CELLS)
def test_smoothed_labels_equal_every_oracle_on_every_entry(cell, readout):
    case = small_case(Architecture(7, 5, cell, readout=readout), 0)
    plain = analytic_gradients(case)["W_xh"]
    case = case.with_options(smoothing=0.1, loss_steps=4)
    assert np.abs(analytic_gradients(case)["W_xh"] - plain).max() > 1e-3
    assert [check for check in gradcheck(case) if not check.passed] == []


@mostly_slow(
    ("cell", "nonlinearity", "readout", "num_layers"),
    [
        ("rnn", "tanh", "linear", 1),
        ("rnn", "relu", "deep", 2),
        ("gru", "tanh", "deep", 1),
        ("lstm", "tanh", "linear", 2),
    ],
    one_in=4,
)
def test_a_network_without_biases_is_checked_where_they_are_0(cell, nonlinearity, readout, num_layers):
    case = small_case(Architecture(7, 5, cell, nonlinearity, num_layers, readout=readout, bias=False), 0)
    for name, view in case.network.parameters.items():
        assert view.any() == name.startswith("W"), name
    checks = list(gradcheck(case))
    learning = {name for name in case.network.architecture.shapes() if name.startswith("W")}
    assert {check.parameter for check in checks} == {*learning, "h_0"}
    assert all_pass(checks)


@mostly_slow("cell", CELLS, one_in=3)
def test_without_biases_a_relu_with_zero_input_is_at_its_kink(cell):
    """A deep readout does where dropout leaves it no unit. The loss has no derivative by that bias, and none is asked for."""
    case = small_case(Architecture(7, 5, cell, readout="deep", bias=False), 0)
    case = case.with_options(dropout=Dropout(0.8, seed=0, step=0))
    ws = case.workspace(case.network)
    case.network.forward(case.inputs, case.targets, case.state, ws, case.options)
    assert (ws.layers[-1].up(True) == 0).all(axis=-1).any()
    assert all_pass(list(gradcheck(case)))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("num_layers", [1, 3])
def test_relu_without_biases_leaves_units_on(num_layers, seed):
    case = small_case(Architecture(7, 5, "rnn", "relu", num_layers, "orthogonal", bias=False), seed)
    assert all(found.passed for found in check_properties(case))


@mostly_slow(
    "settings",
    [
        ["model.nonlinearity=relu", "model.initialisation=identity", "model.num_layers=3"],
        ["model.nonlinearity=sigmoid", "model.num_layers=12"],
        ["model.cell=lstm", "model.num_layers=8"],
    ],
    one_in=3,
)
def test_deep_networks(settings):
    assert api.gradcheck(resolve(None, settings).config, entries=5).passed


def test_the_case_has_no_zeros_and_no_equal_sizes():
    case = small_case(TANH, 0)
    assert case.inputs.shape[0] >= 5
    assert case.inputs.shape[1] >= 3
    assert np.abs(case.state).min() > 0
    assert all(np.abs(view).min() > 0 for _, view in case.network.parameters.items())
    assert len({*case.inputs.shape, *case.network.parameters["W_xh"].shape}) == 4


@pytest.mark.parametrize("parameter", ["W_xh", "W_hh", "b_h", "W_hy", "b_y"])
@pytest.mark.parametrize("oracle", ORACLES)
def test_a_planted_wrong_derivative_fails_and_is_named(monkeypatch, parameter, oracle):
    right = Network.backward

    def wrong(self, count, ws, gradient, *options):
        dstate = right(self, count, ws, gradient, *options)
        gradient[parameter].flat[3] *= 1.001
        return dstate

    monkeypatch.setattr(Network, "backward", wrong)
    checks = list(gradcheck(small_case(TANH, 0), [oracle]))
    failed = [check for check in checks if not check.passed]
    assert [check.parameter for check in failed] == [parameter]
    assert np.ravel_multi_index(failed[0].worst.index, failed[0].shape) == 3
    assert failed[0].worst.analytic == pytest.approx(1.001 * failed[0].worst.numeric, rel=1e-5)
    assert failed[0].max_relative_error == pytest.approx(1e-3, rel=0.01)


def test_a_gradient_that_is_not_finite_fails(monkeypatch):
    gradients = analytic_gradients(small_case(TANH, 0))
    gradients["b_h"][2] = np.nan
    monkeypatch.setattr(module, "analytic_gradients", lambda case: gradients)
    failed = [check for check in gradcheck(small_case(TANH, 0)) if not check.passed]
    assert {check.parameter for check in failed} == {"b_h"}


def test_a_gradient_of_zeros_fails():
    """The best-known wrong backward returns nothing but zeros, with the right shapes."""
    case = small_case(TANH, 0)
    zeros = {name: np.zeros_like(g) for name, g in analytic_gradients(case).items()}
    for name, zero in zeros.items():
        assert not module._compare(
            name, zero, np.arange(zero.size), "central", complex_step(case, name, np.arange(zero.size)), 1e-6
        ).passed


def test_the_tolerance_decides():
    case = small_case(TANH, 0)
    assert not all_pass(list(gradcheck(case, ["central"], tolerance=1e-16)))
    assert all_pass(list(gradcheck(case, ["central"], tolerance=1e-3)))


def test_a_sample_of_the_entries():
    checks = list(gradcheck(small_case(TANH, 0), ["complex-step"], entries=4))
    assert [check.entries for check in checks] == [4, 4, 4, 4, 4, 4]
    assert all_pass(checks)


def test_a_network_of_any_size_and_precision_can_be_checked():
    network = Network.fresh(Architecture(65, 40), np.random.default_rng(0), np.float32)
    assert all_pass(list(gradcheck(random_window(network, np.random.default_rng(0)), entries=20)))


def test_an_oracle_leaves_the_case_as_it_was():
    case = small_case(TANH, 0)
    before = case.network.parameters.flat.copy(), case.state.copy()
    for oracle in ORACLES.values():
        oracle(case, "W_hh", np.arange(5))
        oracle(case, "h_0", np.arange(5))
    np.testing.assert_array_equal(case.network.parameters.flat, before[0])
    np.testing.assert_array_equal(case.state, before[1])


def test_unknown_oracles_are_refused_and_a_report_without_checks_fails():
    with pytest.raises(
        CheckError, match="unknown oracle 'magic'; there are complex-step, closed-form, forward, central"
    ):
        list(gradcheck(small_case(TANH, 0), ["magic"]))
    assert not all_pass([])


@pytest.mark.parametrize("entries", [1, 7, 34, 35, 1000])
def test_no_entry_is_checked_twice(monkeypatch, entries):
    asked = {}

    def remember(case, parameter, chosen):
        asked.setdefault(parameter, []).extend(chosen.tolist())
        return Derivatives.exact(np.zeros(len(chosen)))

    monkeypatch.setitem(ORACLES, "complex-step", remember)
    for check in gradcheck(small_case(TANH, 0), ["complex-step"], entries=entries):
        assert len(set(asked[check.parameter])) == len(asked[check.parameter])
        assert len(asked[check.parameter]) == check.entries == min(entries, np.prod(check.shape))


def test_a_report_passes_if_all_checks_and_properties_pass():
    check = next(iter(gradcheck(small_case(TANH, 0), ["complex-step"])))
    holds, fails = Property("one", True, ""), Property("other", False, "")
    assert Report([check], [holds]).passed
    assert not Report([check], [holds, fails]).passed
    assert not Report([check, replace(check, passed=False)], [holds]).passed
    assert not Report([], [holds]).passed


def test_a_kink_that_is_near_makes_the_central_difference_no_failure():
    """A step that switches no unit is then small, and its rounding large."""
    case = small_case(Architecture(7, 5, readout="deep"), 0)
    w = case.network.parameters
    w["b_r"][0] = 5e-6 - case.streams[0].top(0) @ w["W_hr"][:, 0]
    case = replace(case)  # what was unrolled has the weights of before
    found = central_difference(case, "b_r", np.arange(5))
    assert found.noise[0] > 10 * found.noise[1:].min()
    assert [check for check in gradcheck(case) if not check.passed] == []


def test_a_difference_over_a_small_step_is_not_blamed_for_its_rounding():
    case = small_case(TANH, 0)
    gradient, near = analytic_gradients(case)["b_y"], np.arange(1)
    off = gradient[:1] * (1 + 1e-5)
    for noise, passes in ((1e-5, False), (1.0, True)):
        numeric = Derivatives(off, np.array([noise]))
        assert module._compare("b_y", gradient, near, "central", numeric, 1e-6).passed is passes
