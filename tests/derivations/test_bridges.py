"""Charrnn's network is each of the systems: forward pass, loss, `backward`, Jacobians, clipping and update to rounding."""

from dataclasses import replace

import numpy as np
import pytest

from charrnn import api
from charrnn.cli.derivations.bridges import (
    CARRIED,
    GIVEN,
    LAYERS,
    REAL,
    ROWS,
    configuration,
    counterpart,
    measure_bridges,
)
from charrnn.cli.derivations.counterpart_rules import clipping_error, flow_errors, update_both
from charrnn.cli.derivations.counterparts import Counterpart
from charrnn.cli.derivations.row_form import targets
from charrnn.config.resolve import resolve
from charrnn.config.sizing import fill_sizes
from charrnn.derivations.case import Case
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.functions import LOGISTIC, SQUARED_ERROR
from charrnn.derivations.systems.mean_loss import MeanLoss
from charrnn.derivations.systems.scalar import Scalar
from charrnn.derivations.systems.update_rules import UpdateRules
from charrnn.derivations.systems.vanishing import Recurrence
from charrnn.derivations.systems.vector import Vector

ROUNDING, WRONG = 1e-12, 1e-6
LOSSES = [name for name in SYSTEMS if name != "vanishing"]
WITH_BIASES = ["mean-loss", "mini-batch"]
WITHOUT = [name for name in LOSSES if name not in WITH_BIASES]
CASE = Case(T=3, M=4, D=6, C=5, B=3)


def both_of(name, variant=GIVEN, case=CASE, seed=1):
    return counterpart(name, variant, case, np.random.default_rng(seed))


def errors(both):
    return max(both.forward_error(), both.loss_error(), both.gradient_error())


# ---------------------------------------------------------------- the rows


@pytest.mark.parametrize("seed", range(3))
def test_every_row_holds_to_rounding(seed):
    rows = list(measure_bridges(seed, SYSTEMS))
    assert [row.system for row in rows] == [name for name in SYSTEMS for _ in ROWS[name]]
    for row in rows:
        measured = [e for e in (row.forward_error, row.loss_error, row.gradient_error) if e is not None]
        assert measured
        assert max(measured) < ROUNDING, row
        assert row.holds


def test_a_row_with_an_error_does_not_hold():
    (row, *_) = measure_bridges(0, ["vector"])
    for kind in ("forward_error", "loss_error", "gradient_error"):
        assert not replace(row, **{kind: 1e-6}).holds
        assert not replace(row, **{kind: float("nan")}).holds


def test_rows_of_one_system_are_the_same_alone():
    assert [row for row in measure_bridges(4, SYSTEMS) if row.system == "multiple"] == list(
        measure_bridges(4, ["multiple"])
    )


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("layers", [1, 2])
def test_the_configuration_makes_the_network(name, layers):
    both = both_of(name, replace(GIVEN, layers=layers))
    words = configuration(both).split()
    assert ("model.bias=false" in words) == (name in WITHOUT)
    config = fill_sizes(resolve(None, [word for word in words if word != "model.bias=false"]).config, 1000)
    found = config.model.architecture(both.network.architecture.vocab_size)
    assert found.shapes() == both.network.architecture.shapes()
    assert found.nonlinearity == both.network.architecture.nonlinearity
    assert (config.training.sequence_length, config.training.batch_size) == both.ids.shape


def test_the_key_of_the_configuration_holds_the_biases_that_the_systems_lack():
    both = both_of("vector", LAYERS)
    config = fill_sizes(resolve(None, configuration(both).split()).config, 1000)
    assert (
        config.model.architecture(both.network.architecture.vocab_size).held_biases()
        == both.missing
        == ("b_h", "b_h_2", "b_y")
    )


def test_the_settings_of_the_update_and_of_clipping_are_known():
    *_, update = measure_bridges(0, ["update-rules"])
    training = resolve(
        None, [word for word in update.configuration.split() if word != "model.bias=false"]
    ).config.training
    assert (training.optimizer, training.schedule, training.max_grad_norm) == ("sgd", "constant", None)
    assert training.learning_rate == 0.05 * training.sequence_length
    *_, clipping = measure_bridges(0, ["vanishing"])
    assert resolve(None, clipping.configuration.split()).config.training.max_grad_norm > 0


# ---------------------------------------------------------------- other sizes, and more of everything


@pytest.mark.parametrize("averaged", [True, False])
@pytest.mark.parametrize("variant", [GIVEN, REAL, CARRIED, LAYERS])
@pytest.mark.parametrize("name", LOSSES)
def test_other_sizes_summed_and_averaged(name, variant, averaged):
    assert errors(both_of(name, replace(variant, averaged=averaged))) < ROUNDING


@pytest.mark.parametrize("φ_h", ["logistic", "relu"])
@pytest.mark.parametrize("variant", [REAL, LAYERS])
@pytest.mark.parametrize("name", WITH_BIASES)
def test_other_units(name, variant, φ_h):
    assert errors(both_of(name, variant, replace(CASE, φ_h=φ_h))) < ROUNDING


@pytest.mark.parametrize("name", LOSSES)
def test_three_layers_real_inputs_and_a_second_window_at_once(name):
    assert errors(both_of(name, replace(REAL, given=True, layers=3, windows=2))) < ROUNDING


@pytest.mark.parametrize("name", LOSSES)
def test_every_parameter_and_every_initial_state_is_compared(name):
    expected = {"W_xh", "W_hh", "W_hy"} | ({"b_h", "b_y"} if name in WITH_BIASES else set())
    for layers in (1, 2):
        found = list(both_of(name, replace(GIVEN, layers=layers)).gradients())
        readout = {"W_hy", "b_y"} & expected
        assert len(found) == layers * (len(expected - readout) + 1) + len(readout)
        assert all(truth.any() for _, truth in found)


def test_streams_differ_and_inputs_are_real():
    both = both_of("multiple", REAL)
    assert both.ids.shape == (3, 3)
    assert both.table.shape == (5, 4)
    np.testing.assert_array_equal(both.top.X[:, :, 1], both.table[both.ids[:, 1]])
    assert len({column.tobytes() for column in both.ids.T}) == 3


# ---------------------------------------------------------------- another network is not the system


def with_parameters(both, change):
    """The same systems with another network; `change` works on its parameters."""
    network = both.network.astype(np.float64)
    change(network.parameters)
    return replace(both, network=network)


def transpose(p):
    p["W_hh"][:] = p["W_hh"].T.copy()


def turn_look_up(p):
    p["W_xh"][:] = p["W_xh"][::-1].copy()


def turn_readout(p):
    p["W_hy"][:] = p["W_hy"][::-1].copy()


def drop_b_h(p):
    p["b_h"][:] = 0


def drop_b_y(p):
    p["b_y"][:] = 0


def add_bias(p):
    p["b_h"][0] = 0.1


@pytest.mark.parametrize(
    ("name", "change"),
    [(name, change) for name in LOSSES if name != "scalar" for change in (transpose, turn_look_up, turn_readout)]
    + [(name, change) for name in WITH_BIASES for change in (drop_b_h, drop_b_y)]
    + [(name, add_bias) for name in WITHOUT],
)
def test_a_weight_transposed_a_row_moved_or_a_bias_is_seen(name, change):
    wrong = with_parameters(both_of(name), change)
    assert min(wrong.forward_error(), wrong.loss_error(), wrong.gradient_error()) > WRONG


@pytest.mark.parametrize("variant", [GIVEN, CARRIED, LAYERS])
@pytest.mark.parametrize("name", LOSSES)
def test_an_initial_state_that_is_forgotten_is_seen(name, variant):
    both = both_of(name, variant)
    wrong = replace(both, state=np.zeros_like(both.state))
    assert min(wrong.forward_error(), wrong.loss_error(), wrong.gradient_error()) > WRONG


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_over_another_count_is_seen(name):
    both = both_of(name)
    wrong = replace(both, stack=(replace(both.top, averaged=not both.top.averaged),))
    assert wrong.forward_error() < ROUNDING
    _, loss = both.run()
    gradient, _ = both.backward()
    other, _ = both.backward(both.ids.size)
    np.testing.assert_allclose(gradient.flat, other.flat * both.ids.size, rtol=1e-12)
    assert loss == pytest.approx(float(both.top.loss()), rel=1e-12)
    assert float(wrong.top.loss()) == pytest.approx(loss / both.ids.size, rel=1e-12)


def test_functions_that_the_network_lacks_do_not_agree():
    both = both_of("mean-loss")
    squared = replace(both, stack=(replace(both.top, ell=SQUARED_ERROR),))
    assert squared.forward_error() < ROUNDING
    assert min(squared.loss_error(), squared.gradient_error()) > WRONG
    logistic = replace(both, stack=(replace(both.top, φ_o=LOGISTIC),))
    assert min(logistic.forward_error(), logistic.loss_error(), logistic.gradient_error()) > WRONG
    with pytest.raises(KeyError, match="identity"):
        both_of("mean-loss", case=replace(CASE, φ_h="identity"))


# ---------------------------------------------------------------- the state that is carried: truncated backpropagation through time


def test_windows_with_carried_state_have_the_whole_loss_and_only_their_own_gradient_terms():
    """Of the double sum over t and k, those terms are missing in which t and k are in different windows, and no other."""
    T = 3
    whole = both_of("vector", case=replace(CASE, T=2 * T))
    first = replace(
        whole,
        stack=(replace(whole.top, x=whole.top.x[:T], y=whole.top.y[:T]),),
        ids=whole.ids[:T],
    )
    windows = [first, whole.next_window(T)]
    assert sum(window.run()[1] for window in windows) == pytest.approx(float(whole.top.loss()), rel=1e-12)
    np.testing.assert_allclose(windows[1].state[0, 0], whole.top.s[T], rtol=1e-12)
    for name, own in (("W_hh", "W"), ("W_xh", "U")):
        found = sum(window.backward()[0][name].T for window in windows)
        terms = {
            (t, k): whole.top.term(t, k, own)
            for t in range(1, 2 * T + 1)
            for k in range(1, t + 1)
            if (t > T) == (k > T)
        }
        np.testing.assert_allclose(found, sum(terms.values()), rtol=1e-10, atol=1e-13)
        assert np.abs(found - whole.top.gradient(own)).max() > WRONG


# ---------------------------------------------------------------- Jacobians and clipping


def flow_of(φ_h, layers, case=CASE):
    return Counterpart.random(Recurrence.random, replace(case, φ_h=φ_h), np.random.default_rng(2), layers)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("φ_h", ["tanh", "logistic", "relu"])
def test_jacobians_products_and_conditions_are_those_of_gradflow(φ_h, layers):
    assert max(flow_errors(flow_of(φ_h, layers))) < ROUNDING


def test_a_transposed_recurrence_has_other_states_and_other_jacobians():
    assert min(flow_errors(with_parameters(flow_of("tanh", 1), transpose))) > WRONG


@pytest.mark.parametrize("share", [0.1, 0.5, 2.0])
def test_clipping_by_norm_is_the_documents(share):
    both = both_of("mini-batch", CARRIED)
    norm = float(np.linalg.norm(both.backward()[0].flat))
    assert clipping_error(both, share * norm) < ROUNDING


# ---------------------------------------------------------------- the update


@pytest.mark.parametrize("averaged", [True, False])
@pytest.mark.parametrize("variant", [GIVEN, CARRIED])
def test_the_update_rules_are_a_step_of_sgd(variant, averaged):
    """Summed, the document's rate α is α times as many characters as training averages over."""
    both, α = both_of("update-rules", replace(variant, averaged=averaged)), 0.1
    after = update_both(both, α, α if averaged else α * both.ids.size)
    assert errors(after) < ROUNDING
    for name, own in (("W_xh", "U"), ("W_hh", "W"), ("W_hy", "V")):
        np.testing.assert_allclose(after.network.parameters[name].T, getattr(both.top.update(α), own), rtol=1e-12)
        assert np.abs(after.network.parameters[name] - both.network.parameters[name]).max() > WRONG


def test_the_biases_that_the_document_lacks_are_held_at_0_though_they_have_a_gradient():
    both = both_of("update-rules")
    after = update_both(both, 0.1, 0.1 * both.ids.size)
    assert all(not after.network.parameters[name].any() for name in both.missing)
    assert set(both.missing) == {"b_h", "b_y"}
    assert all(both.backward()[0][name].any() for name in both.missing)


def test_three_updates_of_a_training_are_three_by_the_rules(tmp_path):
    """`charrnn train` with the row's own configuration. Each window's h_{-1} is the last state of the one before, as it was handed on."""
    *_, row = measure_bridges(0, ["update-rules"])
    text = tmp_path / "text.txt"
    text.write_text("she sells sea shells on the sea shore. " * 9, "utf-8")
    settings = [*row.configuration.split(), "training.steps=3", "training.sample_every=0"]
    plan = api.plan([str(text)], resolve(None, settings).config)
    run = api.start(plan, tmp_path / "run")
    p, training = run.trainer.network.parameters, plan.config.training
    characters, T = np.eye(len(plan.corpus.vocabulary))[plan.corpus.split("train")], training.sequence_length
    by_rules = UpdateRules(
        x=characters[:T],
        y=characters[1 : T + 1],
        U=p["W_xh"].T.copy(),
        W=p["W_hh"].T.copy(),
        V=p["W_hy"].T.copy(),
        h_before=np.zeros(len(p["W_hh"])),
    )
    begun = by_rules
    for step in range(1, 4):
        here = slice(step * T, (step + 1) * T), slice(step * T + 1, (step + 1) * T + 1)
        handed_on = by_rules.h[T - 1]
        by_rules = by_rules.update(training.learning_rate / T)
        by_rules = replace(by_rules, x=characters[here[0]], y=characters[here[1]], h_before=handed_on)
    list(run.events())
    for name, own in (("W_xh", "U"), ("W_hh", "W"), ("W_hy", "V")):
        np.testing.assert_allclose(p[name].T, getattr(by_rules, own), rtol=1e-10, atol=1e-13)
        assert np.abs(p[name].T - getattr(begun, own)).max() > 0.01
    assert not p["b_h"].any()
    assert not p["b_y"].any()


@pytest.mark.parametrize("α", [0.05, 0.2])
def test_an_update_by_another_rate_is_seen(α):
    both = both_of("update-rules")
    wrong = update_both(both, α, α)
    assert min(wrong.forward_error(), wrong.loss_error(), wrong.gradient_error()) > WRONG


def test_sgd_moves_v_of_the_scalar_form_twice_as_far():
    """Both of its columns learn, and V is their difference. W moves by D3's rule."""
    both, α = both_of("scalar"), 0.1
    gradient, _ = both.backward()
    moved = -α * gradient["W_hy"][0]
    assert moved[1] - moved[0] == pytest.approx(-2 * α * float(both.top.gradient("V")), rel=1e-12)
    assert gradient["W_hh"][0, 0] == pytest.approx(float(both.top.gradient("W")), rel=1e-12)


def test_sgd_of_a_look_up_of_real_inputs_is_not_the_rule_for_u():
    """Each row learns by itself: after a step the rows are not the inputs times one U."""
    both, α = both_of("update-rules", REAL), 0.1
    by_rule = both.table @ (both.top.U - α * both.top.gradient("U")).T
    by_sgd = both.network.parameters["W_xh"] - α * both.backward()[0]["W_xh"]
    assert np.abs(by_rule - by_sgd).max() > WRONG


# ---------------------------------------------------------------- the systems themselves, by hand: no part of the bridge but its network


def test_the_weights_are_in_the_tensors_that_the_sentence_names():
    for name, kind in (("vector", Vector), ("update-rules", UpdateRules)):
        both = both_of(name)
        assert isinstance(both.top, kind)
        p = both.network.parameters
        np.testing.assert_array_equal(p["W_xh"], both.top.U.T)
        np.testing.assert_array_equal(p["W_hh"], both.top.W.T)
        np.testing.assert_array_equal(p["W_hy"], both.top.V.T)
    scalar = both_of("scalar")
    assert isinstance(scalar.top, Scalar)
    p = scalar.network.parameters
    np.testing.assert_array_equal(p["W_xh"], scalar.top.U * scalar.table)
    np.testing.assert_array_equal(p["W_hy"], [[0, scalar.top.V]])
    np.testing.assert_array_equal(targets(scalar.top)[:, 0], scalar.top.y)
    mean = both_of("mean-loss", REAL)
    assert isinstance(mean.top, MeanLoss)
    p = mean.network.parameters
    np.testing.assert_array_equal(p["W_xh"], mean.table @ mean.top.w_h[:4])
    np.testing.assert_array_equal(p["W_hh"], mean.top.w_h[4:])
    np.testing.assert_array_equal(p["b_h"], mean.top.b_h)


def test_rows_that_training_does_not_keep_say_so():
    """Real inputs, whose rows learn each by itself; and the scalar system, both of whose logits learn."""
    for name in LOSSES:
        one_hot, real, *_ = measure_bridges(0, [name])
        assert real.how.endswith("Training does not keep this: each row learns by itself")
        assert ("V moves twice as far" in one_hot.how) == (name == "scalar")
