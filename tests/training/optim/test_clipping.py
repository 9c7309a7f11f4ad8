import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from charrnn.training.optim.clipping import Clipping, global_norm

gradients = arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6))
bounds = st.floats(1e-3, 1e3)


@given(gradients, bounds)
def test_by_norm_keeps_the_direction_and_respects_the_bound(gradient, bound):
    before = gradient.copy()
    norm, clipped = Clipping(max_grad_norm=bound)(gradient)
    assert norm == pytest.approx(np.linalg.norm(before))
    assert np.linalg.norm(gradient) <= bound * (1 + 1e-12)
    np.testing.assert_allclose(gradient * max(norm, bound) / bound, before, rtol=1e-9, atol=1e-300)
    assert clipped == (norm > bound)
    if not clipped:
        np.testing.assert_array_equal(gradient, before)


@given(gradients, bounds)
def test_by_value_bounds_every_element_and_leaves_those_inside(gradient, bound):
    before = gradient.copy()
    _, clipped = Clipping(max_grad_value=bound)(gradient)
    np.testing.assert_array_equal(gradient, np.clip(before, -bound, bound))
    assert clipped == (np.abs(before).max() > bound)


@given(gradients, bounds, bounds)
def test_clipping_twice_is_clipping_once(gradient, by_norm, by_value):
    clip = Clipping(by_norm, by_value)
    clip(gradient)
    once = gradient.copy()
    clip(gradient)
    np.testing.assert_allclose(gradient, once, rtol=1e-12)


def test_both_clip_by_norm_first():
    gradient = np.array([30.0, 40.0])
    assert Clipping(5.0, 3.5)(gradient) == (50.0, True)
    np.testing.assert_allclose(gradient, [3.0, 3.5])


def test_neither_changes_nothing_and_still_returns_the_norm():
    gradient = np.array([3.0, 4.0])
    assert Clipping()(gradient) == (5.0, False)
    assert gradient.tolist() == [3, 4]


def test_squares_beyond_single_precision_still_have_a_norm():
    assert global_norm(np.full(4, 1e30, np.float32)) == pytest.approx(2e30)
    assert np.isnan(global_norm(np.array([1, np.nan], np.float32)))
    assert global_norm(np.array([1, np.inf], np.float32)) == np.inf


@pytest.mark.parametrize(
    ("norm", "value", "clipped", "after"),
    [
        (1.0, 10.0, True, [0.6, 0.8]),  # by norm alone
        (10.0, 3.5, True, [3.0, 3.5]),  # by value alone
        (2.5, 1.8, True, [1.5, 1.8]),  # by both
        (5.0, 4.0, False, [3.0, 4.0]),  # at the bounds
        (None, None, False, [3.0, 4.0]),
    ],
)
def test_clipped_reports_a_change_by_either_bound(norm, value, clipped, after):
    gradient = np.array([3.0, 4.0])
    assert Clipping(norm, value)(gradient) == (5.0, clipped)
    np.testing.assert_allclose(gradient, after, rtol=1e-15)
