"""A walk through each system: its numbers are the system's, the triangle adds up, and truncation keeps what it should."""

from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest

from charrnn.derivations.case import Case
from charrnn.derivations.complex_step import by, derivative
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.walkthrough import EXPLAINED, LIMITS, share, walk_through

SUMS = ["mean-loss", "mini-batch", "scalar", "vector", "multiple", "update-rules"]
CASES = [
    Case(**EXPLAINED),
    Case(T=4, M=3, D=2, C=3, B=3, averaged=True),
    Case(T=5, M=2, D=3, C=2, B=1, averaged=False, given=False, one_hot=True),
    Case(T=1, M=1, D=1, C=2, B=2),
]
LETTERS = {
    "mean-loss": ("X", "h", "o", "d", "l"),
    "mini-batch": ("X", "h", "ŷ", "y", "L"),
    "vanishing": ("X", "h"),
    "scalar": ("x", "s", "ŷ", "y", "E"),
    "vector": ("x", "s", "ŷ", "y", "L"),
    "multiple": ("X", "S", "Ŷ", "Y", "L"),
    "update-rules": ("x", "h", "ŷ", "y", "L"),
}
INITIAL = {
    "mean-loss": "h_0", "mini-batch": "h_0", "scalar": "s_0", "vector": "s_0", "multiple": "S_0", "update-rules": "h_before"
}  # fmt: skip


def walked(name, case=CASES[0], seed=0):
    """(the system, the walk through it)"""
    system = SYSTEMS[name].make(case, np.random.default_rng(seed))
    return system, walk_through(name, system)


def all_of(parameters):
    return pytest.mark.parametrize(("name", "case"), [(name, case) for name in parameters for case in CASES])


def test_the_sizes_are_those_of_a_case():
    assert EXPLAINED == {"T": 3, "M": 1, "D": 2, "C": 2, "B": 2}
    assert LIMITS == {"T": 8, "M": 4, "D": 4, "C": 4, "B": 3}
    assert set(LIMITS) <= {field.name for field in fields(Case)}


@all_of(SUMS)
def test_the_triangle_adds_up_to_the_gradient_and_the_complex_step(name, case):
    system, found = walked(name, case)
    double_sum = found.backward
    first, last = system.times[0], system.times[-1]
    assert list(double_sum.terms) == [(t, k) for t in range(first, last + 1) for k in range(first, t + 1)]
    for (t, k), term in double_sum.terms.items():
        np.testing.assert_array_equal(term, system.term(t, k, system.RECURRENT))
    assert list(double_sum.row_sums) == list(system.times)
    added = sum(double_sum.row_sums.values())
    truth = by(system, system.RECURRENT, type(system).loss)
    for sums in (added, double_sum.gradient, double_sum.complex_step, system.gradient(system.RECURRENT)):
        np.testing.assert_allclose(sums, truth, rtol=1e-11, atol=1e-14)
    assert double_sum.difference == np.abs(double_sum.gradient - double_sum.complex_step).max() < 1e-13
    assert double_sum.parameter == system.RECURRENT
    assert double_sum.N == system.N
    assert double_sum.loss == system.loss()


@all_of(SUMS)
def test_a_row_adds_up_to_the_gradient_of_the_loss_at_its_time(name, case):
    system, found = walked(name, case)
    for t, total in found.backward.row_sums.items():
        loss = by(system, system.RECURRENT, lambda moved, t=t: getattr(moved, LETTERS[name][4])(t))
        np.testing.assert_allclose(total, loss / system.N, rtol=1e-11, atol=1e-14)


@all_of(SUMS)
def test_truncation_keeps_the_gradient_from_a_held_state(name, case):
    """To n steps: the loss at t sees the weight in the last n steps alone, and the state before them is a given number."""
    system, found = walked(name, case)
    inputs, _, _, targets, loss = LETTERS[name]
    first = system.times[0]
    states = found.forward[LETTERS[name][1]]
    steps = [truncation.steps for truncation in found.backward.truncations]
    assert steps == list(range(1, len(system.times) + 1))
    whole = found.backward.gradient
    for truncation in found.backward.truncations:
        kept = np.zeros_like(whole)
        for t in system.times:
            begin = max(first, t - truncation.steps + 1)
            window = slice(begin - first, t - first + 1)
            data = {key: getattr(system, key)[window] for key in (inputs, targets)}
            short = replace(system, **data, **{INITIAL[name]: states[begin - 1]})
            kept += by(short, system.RECURRENT, lambda moved: getattr(moved, loss)(moved.times[-1])) / system.N
        np.testing.assert_allclose(truncation.kept, kept, rtol=1e-11, atol=1e-14)
        error = np.sqrt(((whole - kept) ** 2).sum() / (whole**2).sum())
        assert truncation.error == pytest.approx(error, abs=1e-12)
    assert truncation.error == 0  # nothing is lost by the last
    np.testing.assert_array_equal(truncation.kept, whole)


@pytest.mark.parametrize("name", SUMS)
def test_in_the_default_case_each_step_brings_the_sum_closer(name):
    """Shows the effect in the default case."""
    _, found = walked(name)
    errors = [truncation.error for truncation in found.backward.truncations]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.05


@all_of(SYSTEMS)
def test_the_forward_pass_is_the_systems(name, case):
    system, found = walked(name, case)
    assert tuple(found.forward) == LETTERS[name]
    letters = [vars(found.letters)[name] for name in ("input", "state", "output", "target", "loss")]
    assert tuple(filter(None, letters)) == LETTERS[name]
    inputs, state, *rest = LETTERS[name]
    first, last = (0, case.T) if name == "update-rules" else (1, case.T)
    steps = range(first, last + 1)
    assert list(found.forward[state]) == [first - 1, *steps]
    for t, value in found.forward[state].items():
        np.testing.assert_array_equal(value, getattr(system, state)[t])
    for data in (inputs, *rest[1:2]):
        assert list(found.forward[data]) == list(steps)
        np.testing.assert_array_equal(list(found.forward[data].values()), getattr(system, data))
    for letter in rest[::2]:
        assert list(found.forward[letter]) == list(steps)
        for t, value in found.forward[letter].items():
            np.testing.assert_array_equal(value, getattr(system, letter)(t))
    assert found.system == name
    assert tuple(found.given) == system.PARAMETERS
    for parameter, value in found.given.items():
        np.testing.assert_array_equal(value, getattr(system, parameter))


def test_the_whole_loss_has_its_letter():
    totals = {name: walked(name)[1].letters.total for name in SYSTEMS}
    assert totals == {
        "mean-loss": "L̂", "mini-batch": "L", "vanishing": "", "scalar": "E", "vector": "L", "multiple": "L",
        "update-rules": "L",
    }  # fmt: skip


def test_the_functions_are_named_if_there_is_a_choice():
    case = Case(**EXPLAINED, φ_h="logistic", φ_o="identity", ell="squared-error")
    chosen = {name: walked(name, case)[1].functions for name in SYSTEMS}
    assert chosen["mean-loss"] == {"φ_h": "logistic", "φ_o": "identity", "ell": "squared-error"}
    assert walked("mean-loss")[1].functions["φ_o"] == "softmax"
    assert chosen["mini-batch"] == chosen["vanishing"] == {"φ_h": "logistic"}
    assert chosen["scalar"] == chosen["vector"] == chosen["multiple"] == chosen["update-rules"] == {}


@pytest.mark.parametrize("name", ["mean-loss", "vanishing", "scalar", "vector", "update-rules"])
def test_of_one_sequence_there_is_one_jacobian_a_step(name):
    system, found = walked(name)
    assert list(found.jacobians) == list(system.times)
    for t, jacobians in found.jacobians.items():
        assert len(jacobians) == 1
        np.testing.assert_array_equal(jacobians[0], system.jacobian(t))


@pytest.mark.parametrize("B", [1, 2, 3])
def test_of_several_sequences_each_has_its_jacobian(B):
    case = Case(T=3, M=2, D=3, C=2, B=B)
    rnn, found = walked("mini-batch", case)
    assert list(found.jacobians) == [1, 2, 3]
    for t, jacobians in found.jacobians.items():
        assert len(jacobians) == B
        for i, jacobian in enumerate(jacobians):
            before = rnn.X[t - 1, i] @ rnn.W_xh + rnn.b_h
            truth = derivative(lambda h, before=before: np.tanh(before + h @ rnn.W_hh), rnn.h[t - 1][i])
            np.testing.assert_allclose(jacobian, truth, rtol=1e-12, atol=1e-14)
    rnn, found = walked("multiple", case)
    assert list(found.jacobians) == [1, 2, 3]
    for t, jacobians in found.jacobians.items():
        assert len(jacobians) == B
        for b, jacobian in enumerate(jacobians):
            before = rnn.U @ rnn.X[t - 1, :, b]
            truth = derivative(lambda s, before=before: np.tanh(before + rnn.W @ s), rnn.S[t - 1][:, b])
            np.testing.assert_allclose(jacobian, truth, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("φ_h", ["tanh", "logistic", "identity"])
@pytest.mark.parametrize("T", [1, 3, 6])
def test_products_have_their_norms_and_bounds(T, φ_h):
    rnn, found = walked("vanishing", Case(T=T, M=2, D=3, φ_h=φ_h))
    products = found.backward
    pairs = [(t, k) for t in range(1, T + 1) for k in range(t)]
    assert (
        list(products.products) == list(products.complex_step) == list(products.norms) == list(products.bounds) == pairs
    )
    σ = np.linalg.svd(rnn.W_hh)[1][0]
    γ = {"tanh": 1, "logistic": 0.25, "identity": 1}[φ_h]
    assert (products.σ, products.γ) == (pytest.approx(σ), γ)
    np.testing.assert_allclose(products.eigenvalues, np.sort(np.abs(np.linalg.eigvals(rnn.W_hh)))[::-1])
    for t, k in pairs:
        product = np.eye(3)
        for j in range(t, k, -1):
            product = product @ np.diag(rnn.φ_h.slope(rnn.a(j, rnn.h[j - 1]))) @ rnn.W_hh.T
        np.testing.assert_allclose(products.products[t, k], product, atol=1e-14)
        np.testing.assert_allclose(products.complex_step[t, k], product, atol=1e-14)
        assert products.norms[t, k] == pytest.approx(np.linalg.svd(product)[1][0])
        assert products.bounds[t, k] == pytest.approx((γ * σ) ** (t - k))
        assert products.norms[t, k] <= products.bounds[t, k] * (1 + 1e-12)
    assert products.difference < 1e-13


def test_the_difference_is_the_largest_of_all():
    _, found = walked("vanishing")
    off = {**found.backward.complex_step, (2, 0): found.backward.products[2, 0] + [[0, 0.25], [-0.5, 0]]}
    assert replace(found.backward, complex_step=off).difference == pytest.approx(0.5)
    _, found = walked("vector")
    assert replace(found.backward, complex_step=found.backward.gradient - 0.25).difference == pytest.approx(0.25)


def test_of_a_gradient_that_is_0_nothing_is_lost():
    _, found = walked("vector", Case(T=3, M=1, D=2, C=1))  # one class has the probability 1
    assert not found.backward.gradient.any()
    assert [truncation.error for truncation in found.backward.truncations] == [0, 0, 0]


def test_the_facts_are_frozen():
    _, found = walked("vector")
    facts = [found, found.letters, found.backward, found.backward.truncations[0], walked("vanishing")[1].backward]
    for fact in facts:
        with pytest.raises(FrozenInstanceError):
            setattr(fact, fields(fact)[0].name, None)


def test_a_share_is_of_norms():
    assert share(np.array([[0.0, 3.0], [4.0, 0.0]]), np.array([[6.0, 0.0], [0.0, 8.0]])) == 0.5
    assert share(np.array(-1.0), np.array(4.0)) == 0.25
    assert share(np.zeros(2), np.zeros(2)) == 0
