"""Products of Jacobians, what bounds them, and clipping."""

import numpy as np
import pytest
from derivations.unrolled import made

from charrnn.derivations import functions
from charrnn.derivations.case import Case
from charrnn.derivations.complex_step import derivative
from charrnn.derivations.systems.vanishing import (
    bounds,
    clip,
    dominant,
    growth,
    largest_singular_value,
    one_unit_off,
    saturate,
)

W = np.array([[0.5, 10.0], [0.0, -2.0]])


def test_states_go_on_from_any_state():
    rnn = made("vanishing", Case())
    np.testing.assert_allclose(rnn.run(2, rnn.h[2]), rnn.h[2:], rtol=1e-15)
    h = np.tanh(rnn.X[0] @ rnn.W_xh + rnn.h_0 @ rnn.W_hh + rnn.b_h)
    np.testing.assert_allclose(rnn.h[1], h, rtol=1e-13)


def test_slopes_are_those_of_the_function():
    rnn = made("vanishing", Case(φ_h="logistic"))
    np.testing.assert_allclose(np.diag(rnn.slopes(3)), rnn.h[3] * (1 - rnn.h[3]), rtol=1e-13)


def test_the_dominant_eigenvalue_is_a_magnitude():
    assert dominant(W) == pytest.approx(2.0)
    assert dominant(np.array([[0.0, -3.0], [3.0, 0.0]])) == pytest.approx(3.0)


def test_the_largest_singular_value_is_the_most_that_a_vector_is_lengthened():
    angles = np.linspace(0, np.pi, 10001)
    most = np.linalg.norm(W @ [np.cos(angles), np.sin(angles)], axis=0).max()
    assert largest_singular_value(W) == pytest.approx(most, rel=1e-6)


def test_bounds_are_powers_from_the_first():
    np.testing.assert_allclose(bounds(0.5, 3), [0.5, 0.25, 0.125])


def test_growth_is_that_of_the_whole_product():
    rnn = made("vanishing", Case())
    truth = [np.linalg.norm(derivative(lambda h, n=n: rnn.run(0, h)[n], rnn.h_0), 2) for n in range(1, 5)]
    np.testing.assert_allclose(growth(rnn), truth, rtol=1e-12)


def test_growth_is_within_the_powers_of_γ_σ_for_each_function():
    for name, φ in functions.ACTIVATIONS.items():
        rnn = made("vanishing", Case(T=8, φ_h=name))
        assert (growth(rnn) <= bounds(φ.γ * largest_singular_value(rnn.W_hh), 8) * (1 + 1e-12)).all()


def test_with_one_unit_off_gradients_explode_though_every_eigenvalue_is_zero():
    rnn = one_unit_off(made("vanishing", Case(T=20, D=3)))
    np.testing.assert_array_equal(rnn.W_hh.T, [[1.5, 1.5], [-1.5, -1.5]])
    np.testing.assert_array_equal(rnn.W_hh @ rnn.W_hh, np.zeros((2, 2)))
    np.testing.assert_array_equal(rnn.h, [[1.0, 0.0]] * 21)
    np.testing.assert_array_equal([rnn.a(j, rnn.h_0) for j in rnn.times], [[1.0, -1.5]] * 20)
    np.testing.assert_array_equal(rnn.X, np.zeros((20, 1)))
    np.testing.assert_array_equal(rnn.W_xh, np.zeros((1, 2)))
    assert rnn.φ_h.name == "relu"
    np.testing.assert_allclose(growth(rnn), np.sqrt(2) * 1.5 ** np.arange(1.0, 21), rtol=1e-12)
    truth = derivative(lambda h: rnn.run(0, h)[5], rnn.h_0)
    assert growth(rnn)[4] == pytest.approx(np.linalg.norm(truth, 2), rel=1e-12)


def test_a_saturated_network_vanishes_though_its_eigenvalues_exceed_one():
    rnn = saturate(made("vanishing", Case(T=6, D=3, φ_h="logistic")))
    np.testing.assert_array_equal(rnn.W_hh, 1.5 * np.eye(3))
    np.testing.assert_array_equal(rnn.W_xh, np.zeros((3, 3)))
    np.testing.assert_array_equal(rnn.b_h, [5.0, 5.0, 5.0])
    assert rnn.φ_h.name == "tanh"
    assert growth(rnn)[-1] < 1e-10


GRADIENTS = {"W": np.array([[3.0, 0.0]]), "b": np.array([4.0])}


def test_clipping_is_by_the_norm_of_all_together():
    for bound, factor in ((2.5, 0.5), (5.0, 1.0), (6.0, 1.0), (np.inf, 1.0)):
        for name, found in clip(GRADIENTS, bound).items():
            np.testing.assert_allclose(found, factor * GRADIENTS[name], rtol=1e-15)
    assert list(clip(GRADIENTS, 1.0)) == ["W", "b"]


def test_a_gradient_of_zero_remains():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(clip({"W": np.zeros(2)}, 1.0)["W"], [0.0, 0.0])
