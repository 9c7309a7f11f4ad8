"""The functions and their derivatives equal their formulas."""

import math

import numpy as np
import pytest

from charrnn.derivations import functions
from charrnn.derivations.complex_step import derivative

A = np.array([-2.5, -0.4, 0.3, 1.7])
D = np.array([1.0, 0.0, 0.0, 0.0])
EXACT = {"rtol": 1e-13, "atol": 1e-15}

VALUES = {
    "tanh": (math.tanh, 1.0),
    "logistic": (lambda a: 1 / (1 + math.exp(-a)), 0.25),
    "relu": (lambda a: max(a, 0.0), 1.0),
    "identity": (lambda a: a, 1.0),
}


def test_the_activations():
    assert set(functions.ACTIVATIONS) == set(VALUES)
    for name, (value, γ) in VALUES.items():
        φ = functions.ACTIVATIONS[name]
        assert (φ.name, φ.γ) == (name, γ)
        np.testing.assert_allclose(φ.value(A), [value(a) for a in A], **EXACT)
        slopes = np.diag(derivative(φ.value, A))
        np.testing.assert_allclose(φ.slope(A), slopes, **EXACT)
        np.testing.assert_allclose(φ.jacobian(A), derivative(φ.value, A), **EXACT)


def test_γ_is_the_largest_slope():
    grid = np.append(np.linspace(-5, 5, 101), 0.0)
    for φ in functions.ACTIVATIONS.values():
        assert φ.slope(grid).max() == φ.γ


def test_relu_is_flat_at_zero():
    assert functions.relu_slope(np.array(0.0)) == 0
    assert functions.relu(np.array(0.0)) == 0
    assert derivative(functions.relu, 0.0) == 0
    assert functions.relu_slope(np.array([0.5]))[0] == 1


def test_softmax():
    e = [math.exp(a) for a in A]
    np.testing.assert_allclose(functions.softmax(A), [each / sum(e) for each in e], **EXACT)
    np.testing.assert_allclose(functions.softmax_jacobian(A), derivative(functions.softmax, A), **EXACT)
    np.testing.assert_allclose(functions.SOFTMAX.value(A), functions.softmax(A), **EXACT)
    np.testing.assert_allclose(functions.SOFTMAX.jacobian(A), functions.softmax_jacobian(A), **EXACT)
    assert functions.SOFTMAX.name == "softmax"


def test_softmax_is_over_the_last_axis():
    both = functions.softmax(np.array([A, 2 * A]))
    np.testing.assert_allclose(both, [functions.softmax(A), functions.softmax(2 * A)], **EXACT)


def test_softmax_of_large_numbers():
    np.testing.assert_allclose(functions.softmax(np.array([1000.0, 999.0])), functions.softmax(np.array([1.0, 0.0])))
    np.testing.assert_allclose(functions.softmax(np.array([[-1000.0, -999.0], [900.0, 0.0]])).sum(axis=1), [1, 1])


def test_the_losses():
    o = np.array([0.2, 0.5, 0.1, 0.7])
    assert set(functions.LOSSES) == {"squared-error", "cross-entropy", "binary-cross-entropy"}
    losses = functions.LOSSES
    np.testing.assert_allclose(losses["squared-error"].value(o, D), (0.64 + 0.25 + 0.01 + 0.49) / 2, **EXACT)
    np.testing.assert_allclose(losses["cross-entropy"].value(o, D), -math.log(0.2), **EXACT)
    binary = -math.log(0.2) - math.log(0.5) - math.log(0.9) - math.log(0.3)
    np.testing.assert_allclose(losses["binary-cross-entropy"].value(o, D), binary, **EXACT)
    for name, loss in losses.items():
        assert loss.name == name
        assert loss.value(o, D).shape == ()
        truth = derivative(lambda o, loss=loss: loss.value(o, D), o)
        np.testing.assert_allclose(loss.gradient(o, D), truth, **EXACT)


def test_a_target_of_zero_has_no_loss_and_no_slope():
    for o in (0.0, 1.0):
        none, sure = np.array([0.0, o]), np.array([0.0, 1.0])
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(functions.cross_entropy(none, np.array([0.0, 0.0])), 0)
            np.testing.assert_array_equal(functions.cross_entropy_gradient(none, np.array([0.0, 0.0])), [0, 0])
            np.testing.assert_array_equal(functions.binary_cross_entropy(sure, sure), 0)
            np.testing.assert_array_equal(functions.binary_cross_entropy_gradient(sure, sure), [1, -1])
            assert functions.cross_entropy(none, np.array([1.0, 0.0])) == np.inf
    assert functions.cross_entropy(np.float64(0.5), np.int64(1)) == math.log(2)
    assert functions.cross_entropy(np.float64(0.5), np.int64(0)) == 0


def test_slopes_of_saturated_units_keep_their_precision():
    for a in (-30.0, -18.0, 18.0, 30.0):
        assert functions.tanh_slope(a) == pytest.approx(4 * math.exp(-2 * abs(a)), rel=1e-13)
        assert functions.logistic_slope(2 * a) == pytest.approx(math.exp(-2 * abs(a)), rel=1e-13)


def test_outputs_are_the_activations_and_softmax():
    assert functions.OUTPUTS == {**functions.ACTIVATIONS, "softmax": functions.SOFTMAX}
