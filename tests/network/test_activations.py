import numpy as np
import pytest

from charrnn.network.activations import NONLINEARITIES, exp_is_faster, sigmoid_by_exp, sigmoid_by_tanh


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("apply", [NONLINEARITIES["tanh"].apply, sigmoid_by_exp, sigmoid_by_tanh])
def test_values_far_from_0_are_finite(apply, dtype):
    a = np.array([-1e30, -1000, 0, 1000, 1e30], dtype)
    with np.errstate(all="raise", under="ignore", over="ignore"):
        apply(a, a)
    assert np.isfinite(a).all()
    assert a[3] == 1


def test_both_sigmoids_are_the_same_function():
    a = np.linspace(-20, 20, 999)
    by_exp, by_tanh, expected = np.empty_like(a), np.empty_like(a), 1 / (1 + np.exp(-a))
    sigmoid_by_exp(a, by_exp)
    sigmoid_by_tanh(a, by_tanh)
    np.testing.assert_allclose(by_exp, expected, rtol=1e-15)
    np.testing.assert_allclose(by_tanh, expected, atol=1e-16)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["X86_V3"], True),  # as NumPy says since 2.4
        (["SSE41", "AVX2"], True),  # before
        (["X86_V3", "X86_V4"], False),
        (["AVX2", "AVX512_SKX"], False),
        ([], False),
        (["ASIMDHP"], False),
    ],
)
def test_exp_serves_where_the_processor_has_avx2_alone(found, expected, monkeypatch):
    monkeypatch.setattr(np, "show_config", lambda mode: {"SIMD Extensions": {"found": found}})
    assert exp_is_faster() is expected


@pytest.mark.parametrize("config", [{}, {"SIMD Extensions": {"baseline": ["NEON"]}}])
def test_a_processor_may_have_nothing_beyond_the_baseline(config, monkeypatch):
    monkeypatch.setattr(np, "show_config", lambda mode: config)
    assert exp_is_faster() is False
