"""Each system follows its equations: states, loss, gradients and the terms of the double sum."""

import numpy as np
import pytest
from derivations.unrolled import AVERAGED, UNROLLED, cases, expected, made

from charrnn.derivations.case import Case
from charrnn.derivations.complex_step import by, derivative
from charrnn.derivations.documents import DOCUMENTS, SYSTEMS

CASES = [(name, case) for name in UNROLLED for case in cases(name)]
EXACT = {"rtol": 1e-10, "atol": 1e-13}


def states_of(name, rnn):
    """All of them in the order of time, sequences as rows."""
    match name:
        case "mean-loss" | "mini-batch":
            return rnn.h
        case "multiple":
            return [S.T for S in rnn.S]
        case "update-rules":
            return [rnn.h[t] for t in sorted(rnn.h)]
    return rnn.s


@pytest.mark.parametrize(("name", "case"), CASES)
def test_states_loss_gradients_and_terms(name, case):
    rnn = made(name, case)
    for what, value in expected(name, case).items():
        match what:
            case "states":
                found = states_of(name, rnn)
            case "loss":
                found = rnn.loss()
            case "gradient", parameter:
                found = rnn.gradient(parameter)
            case "term", *arguments:
                found = rnn.term(*arguments)
        np.testing.assert_allclose(found, value, **EXACT, err_msg=str(what))


@pytest.mark.parametrize(("name", "case"), CASES)
def test_the_terms_add_up_to_the_gradient(name, case):
    rnn = made(name, case)
    first = min(rnn.times)
    pairs = [(t, k) for t in rnn.times for k in range(first, t + 1)]
    for parameter in UNROLLED[name].recurrent:
        np.testing.assert_allclose(sum(rnn.term(t, k, parameter) for t, k in pairs), rnn.gradient(parameter), **EXACT)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_the_gradient_is_that_of_the_modules_own_loss(name, case):
    rnn = made(name, case)
    for parameter in rnn.PARAMETERS:
        np.testing.assert_allclose(rnn.gradient(parameter), by(rnn, parameter, type(rnn).loss), **EXACT)


@pytest.mark.parametrize("name", UNROLLED)
def test_summed_and_averaged_losses_differ_by_a_count(name):
    summed, averaged = (made(name, Case(averaged=averaged)) for averaged in (False, True))
    count = averaged.N
    steps = len(averaged.times)
    assert summed.N == 1
    assert count == (steps * Case().B if name in ("mini-batch", "multiple") else steps)
    np.testing.assert_allclose(summed.loss(), count * averaged.loss(), rtol=1e-14)
    assert made(name, Case()).N == (count if name in AVERAGED else 1)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_random_instance_is_the_seeds(name):
    one, other, third = (made(name, Case(), seed) for seed in (0, 0, 1))
    for field in SYSTEMS[name].make.__self__.__dataclass_fields__:
        if isinstance(value := getattr(one, field), np.ndarray):
            np.testing.assert_array_equal(value, getattr(other, field))
            assert field in ("y", "d", "Y") or not np.array_equal(value, getattr(third, field)), field


SHAPES = {  # T = 4, M = 3, D = 5, C = 6, B = 2
    "mean-loss": {"X": (4, 3), "d": (4, 6), "w_h": (8, 5), "b_h": (5,), "W_hy": (6, 5), "b_y": (6,), "h_0": (5,)},
    "mini-batch": {
        "X": (4, 2, 3),
        "y": (4, 2, 6),
        "W_xh": (3, 5),
        "W_hh": (5, 5),
        "b_h": (5,),
        "W_yh": (5, 6),
        "b_y": (6,),
        "h_0": (2, 5),
    },
    "vanishing": {"X": (4, 3), "W_xh": (3, 5), "W_hh": (5, 5), "b_h": (5,), "h_0": (5,)},
    "scalar": {"x": (4,), "y": (4,), "U": (), "W": (), "V": (), "s_0": ()},
    "vector": {"x": (4, 3), "y": (4, 6), "U": (5, 3), "W": (5, 5), "V": (6, 5), "s_0": (5,)},
    "multiple": {"X": (4, 3, 2), "Y": (4, 6, 2), "U": (5, 3), "W": (5, 5), "V": (6, 5), "S_0": (5, 2)},
    "update-rules": {"x": (5, 3), "y": (5, 6), "U": (5, 3), "W": (5, 5), "V": (6, 5), "h_before": (5,)},
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_shapes_are_the_documents(name):
    rnn = made(name, Case())
    assert {field: np.shape(getattr(rnn, field)) for field in SHAPES[name]} == SHAPES[name]
    assert rnn.T == 4
    assert list(rnn.times) == ([0, 1, 2, 3, 4] if name == "update-rules" else [1, 2, 3, 4])


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_settings_that_a_system_reads_are_those_that_change_it(name):
    """Each other setting leaves all of its numbers as they are."""
    changed = {
        "T": 5,
        "M": 4,
        "D": 6,
        "C": 7,
        "B": 3,
        "one_hot": True,
        "averaged": name not in AVERAGED,
        "given": False,
        "φ_h": "logistic",
        "φ_o": "tanh",
        "ell": "squared-error",
    }
    plain = repr(made(name, Case()))
    reads = {setting for setting, value in changed.items() if repr(made(name, Case(**{setting: value}))) != plain}
    assert reads == set(SYSTEMS[name].reads)


def test_a_scalar_case_has_both_labels_in_turn():
    np.testing.assert_array_equal(made("scalar", Case(T=5)).y, [1, 0, 1, 0, 1])


def test_a_scalar_case_has_weights_around_one():
    weights = [(rnn.U, rnn.W, rnn.V) for rnn in (made("scalar", Case(), seed) for seed in range(200))]
    for values, (low, high) in zip(np.transpose(weights), ((0.5, 1.0), (0.8, 1.6), (0.5, 1.5)), strict=True):
        assert low <= values.min() < low + 0.05
        assert high - 0.05 < values.max() <= high


@pytest.mark.parametrize("name", SYSTEMS)
def test_jacobians_are_derivatives_of_the_next_state_by_the_state(name):
    rnn = made(name, Case())
    if name == "scalar":
        np.testing.assert_allclose(rnn.jacobian(2), derivative(lambda s: rnn.run(1, s)[1], rnn.s[1]), **EXACT)
    elif name == "multiple":
        truth = derivative(lambda s: np.tanh(rnn.U @ rnn.X[1][:, 1] + rnn.W @ s), rnn.S[1][:, 1])
        np.testing.assert_allclose(rnn.jacobian(2, 1), truth, **EXACT)
    elif name == "mini-batch":
        truth = derivative(lambda h: np.tanh(rnn.X[1][1] @ rnn.W_xh + h @ rnn.W_hh + rnn.b_h), rnn.h[1][1])
        np.testing.assert_allclose(rnn.jacobian(2, 1), truth, **EXACT)
    elif name in ("mean-loss", "vanishing"):
        truth = derivative(lambda h: np.tanh(rnn.a(2, h)), rnn.h[1])
        np.testing.assert_allclose(rnn.jacobian(2), truth, **EXACT)
    else:
        at = rnn.h if name == "update-rules" else rnn.s
        truth = derivative(lambda s: rnn.run(1, s)[2 if name == "update-rules" else 1], at[1])
        np.testing.assert_allclose(rnn.jacobian(2), truth, **EXACT)


def test_one_update_moves_each_weight_down_its_own_gradient():
    """All three are moved by gradients of the weights as they were before."""
    rnn = made("update-rules", Case())
    new = rnn.update(0.1)
    for name in ("U", "W", "V"):
        np.testing.assert_allclose(getattr(new, name), getattr(rnn, name) - 0.1 * rnn.gradient(name), rtol=1e-14)
    assert new.loss() < rnn.loss()


def test_one_of_several_sequences_is_the_vector_system():
    rnn = made("multiple", Case())
    alone = rnn.sequence(1)
    np.testing.assert_array_equal(alone.x, rnn.X[:, :, 1])
    np.testing.assert_array_equal(alone.y, rnn.Y[:, :, 1])
    np.testing.assert_allclose(alone.s, [S[:, 1] for S in rnn.S], **EXACT)
    assert not alone.averaged


def test_the_systems_are_in_the_order_of_the_documents():
    assert [system.document for system in SYSTEMS.values()] == ["D0", "D1", "D1", "D2", "D2", "D2", "D3"]
    assert list(DOCUMENTS) == ["D0", "D1", "D2", "D3"]
    assert [document.year for document in DOCUMENTS.values()] == [2024, 2019, 2019, 2023]
    assert all(name == system.name for name, system in SYSTEMS.items())
