import numpy as np
import pytest

from charrnn.network.activations import NONLINEARITIES


@pytest.mark.parametrize("name", NONLINEARITIES)
def test_the_slope_is_the_derivative_by_complex_step(name):
    φ = NONLINEARITIES[name]
    a = np.linspace(-4, 4, 41) + 0.013
    moved, h, slope = a + 1e-30j, np.empty_like(a), np.empty_like(a)
    φ.apply(moved, moved)
    φ.apply(a, h)
    φ.slope(h, slope)
    np.testing.assert_allclose(slope, moved.imag / 1e-30, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize(("name", "largest"), [("tanh", 1), ("sigmoid", 0.25), ("relu", 1)])
def test_the_largest_slope(name, largest):
    """D1 prints 0.25 for tanh; that is the sigmoid's."""
    h, slope = np.zeros(1001), np.zeros(1001)
    NONLINEARITIES[name].apply(np.linspace(-5, 5, 1001), h)
    NONLINEARITIES[name].slope(h, slope)
    assert slope.max() == largest


@pytest.mark.parametrize("name", NONLINEARITIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows(name, dtype):
    a = np.array([-1e30, -1000, 0, 1000, 1e30], dtype)
    with np.errstate(all="raise", under="ignore"):
        NONLINEARITIES[name].apply(a, a)
    assert np.isfinite(a).all()
