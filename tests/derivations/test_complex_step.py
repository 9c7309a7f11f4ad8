"""The complex step is exact to rounding, for any shapes of function and argument."""

from dataclasses import dataclass

import numpy as np
import pytest

from charrnn.derivations.complex_step import by, derivative, ε


def test_of_a_number_by_a_number():
    assert derivative(np.sin, 1.3) == pytest.approx(np.cos(1.3), rel=1e-15)
    assert derivative(np.exp, 1.0).shape == ()


def test_the_complex_step_has_no_truncation_error():
    """A step that could be seen would show in the third derivative."""
    assert derivative(lambda w: w**3 / 3e-12, 1e-6) == pytest.approx(1.0, rel=1e-14)


def test_at_zero_the_step_is_imaginary_alone():
    assert derivative(lambda w: w**2, 0.0) == 0


def test_of_an_array_by_an_array_the_shapes_follow_each_other():
    """f(w)[i, j] = w[j] c[i, j, :]; its derivative is [i, j, k]: c where k = j."""
    c, w = np.arange(1.0, 7).reshape(2, 3), np.array([0.5, 2.0, -1.0])
    found = derivative(lambda w: c * w**2, w)
    assert found.shape == (2, 3, 3)
    np.testing.assert_allclose(found, np.einsum("ij,j,jk->ijk", c, 2 * w, np.eye(3)), rtol=1e-15)


def test_by_a_matrix_and_of_a_number():
    W, x, row = np.arange(6.0).reshape(2, 3), np.array([1.0, -2.0, 0.5]), np.array([3.0, 4.0])
    found = derivative(lambda W: row @ np.tanh(W @ x), W)
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found, np.outer(row * (1 - np.tanh(W @ x) ** 2), x), rtol=1e-14)


def test_the_argument_is_not_changed_and_may_be_integer():
    w = np.array([1, 2])
    np.testing.assert_array_equal(derivative(lambda w: w**2, w), [[2.0, 0.0], [0.0, 4.0]])
    np.testing.assert_array_equal(w, [1, 2])


def test_by_a_field_of_a_system():
    @dataclass(frozen=True)
    class System:
        a: float
        b: float

        def value(self):
            return self.a * self.b**2

    assert by(System(2.0, 3.0), "b", System.value) == 12.0
    assert by(System(2.0, 3.0), "a", System.value) == 9.0


def test_the_step_is_far_below_rounding():
    assert ε == 1e-30
