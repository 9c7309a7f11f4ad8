"""The quick estimates during a training equal gradflow for a small network, and approximate it for a larger one."""

import numpy as np
import pytest

from charrnn.diagnostics.gradflow import quick_estimate
from charrnn.diagnostics.gradflow.gradient_flow import gradient_flow
from charrnn.diagnostics.gradflow.quick_estimate import POSITIONS, flow_estimates
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network

V, LAGS = 5, 12
TEXT = np.random.default_rng(0).integers(0, V, 400)
KIND = {"rnn": (0, "h"), "gru": (2, "n"), "lstm": (3, "tanh c")}  # which recurrent matrix, and what is saturated


def fresh(cell="rnn", layers=1, H=8, scale=1.0, **options):
    network = Network.fresh(
        Architecture(V, H, cell, num_layers=layers, **options), np.random.default_rng(1), np.float64
    )
    network.parameters.flat[:] *= scale
    return network


@pytest.mark.parametrize("cell", CELLS)
def test_quick_estimates_of_a_small_network_equal_gradflow(cell):
    network, (matrix, nonlinearity) = fresh(cell, layers=2, scale=3), KIND[cell]
    found, exact = flow_estimates(network, TEXT, LAGS), gradient_flow(network, TEXT, LAGS, POSITIONS)
    assert [layer.layer for layer in found] == [1, 2]
    for estimate, layer in zip(found, exact.layers, strict=True):
        curve = layer.curves[-1]
        assert (estimate.half_life, estimate.horizon) == (curve.half_life, curve.horizon)
        assert estimate.log10_norm_1 == pytest.approx(curve.median[1], abs=1e-9)
        assert estimate.log10_norm_last == pytest.approx(curve.median[LAGS], abs=1e-9)
        assert estimate.lyapunov == pytest.approx(layer.lyapunov, abs=1e-9)
        assert estimate.spectral_radius == pytest.approx(layer.spectra[matrix].spectral_radius)
        assert estimate.saturated == layer.saturated[nonlinearity]
        assert estimate.lags == LAGS


@pytest.mark.parametrize("cell", CELLS)
def test_quick_estimates_at_document_starts_equal_gradflow(cell):
    text = np.where(TEXT == V - 1, 0, TEXT)
    text[395] = V - 1  # within the window of the last position
    network = fresh(cell, scale=3)
    [found] = flow_estimates(network, text, LAGS, end_id=V - 1)
    exact = gradient_flow(network, text, LAGS, POSITIONS, end_id=V - 1).layers[0]
    curve = exact.curves[-1]
    assert found.log10_norm_last == pytest.approx(curve.median[LAGS], abs=1e-9)
    assert found.lyapunov == pytest.approx(exact.lyapunov, abs=1e-9)
    [without] = flow_estimates(network, text, LAGS)
    assert abs(found.log10_norm_last - without.log10_norm_last) > 1e-6


def test_quick_estimates_are_not_all_zero_or_none():
    [found] = flow_estimates(fresh(scale=3), TEXT, LAGS)
    assert 0 < found.saturated < 1
    [found] = flow_estimates(fresh(), TEXT, LAGS)
    assert None not in vars(found).values()
    assert 1 < found.half_life < found.horizon <= LAGS


@pytest.mark.parametrize("cell", CELLS)
def test_a_few_directions_estimate_a_larger_network(cell, monkeypatch):
    network = fresh(cell, H=48)
    [some] = flow_estimates(network, TEXT, LAGS)
    monkeypatch.setattr(quick_estimate, "DIRECTIONS", 48)
    [all_of_them] = flow_estimates(network, TEXT, LAGS)
    assert some.log10_norm_last != all_of_them.log10_norm_last
    assert some.log10_norm_last == pytest.approx(all_of_them.log10_norm_last, abs=0.15)
    assert some.lyapunov == pytest.approx(all_of_them.lyapunov, abs=0.05)


def test_directions_are_right_on_average():
    """The square of rms is the mean over directions: the estimates by each of H single, orthonormal ones average to it."""
    from charrnn.diagnostics.gradflow.jacobian_products import norms_by_lag, random_directions, rms_by_lag
    from charrnn.diagnostics.gradflow.jacobians import Jacobian

    matrices = np.random.default_rng(3).standard_normal((6, 2, 8, 8))
    [exact], _ = norms_by_lag(lambda t: Jacobian(matrices[t]), 6, 2, 8, 1)
    rows = random_directions(8, 8)
    single = [rms_by_lag(lambda t: Jacobian(matrices[t]), 6, 2, 1, row[np.newaxis])[0][0] for row in rows]
    np.testing.assert_allclose(np.log(np.mean(np.exp(2 * np.array(single)), axis=0)) / 2, exact.rms, atol=1e-9)


def test_single_precision_gives_the_same_over_many_lags():
    network = fresh(H=8, scale=0.5)
    [found], [exact] = (flow_estimates(network.astype(precision), TEXT, 150) for precision in (np.float32, np.float64))
    assert exact.log10_norm_last < -50  # below the range of single precision
    assert found.log10_norm_last == pytest.approx(exact.log10_norm_last, rel=1e-4)


def test_the_network_stays_as_it_is_and_the_figures_stay_the_same():
    network = fresh("lstm")
    before = network.parameters.flat.copy()
    assert flow_estimates(network, TEXT, LAGS) == flow_estimates(network, TEXT, LAGS)
    np.testing.assert_array_equal(network.parameters.flat, before)


def test_a_dead_network_lets_nothing_through():
    network = fresh(nonlinearity="relu")
    network.parameters["b_h"][:] = -100
    [found] = flow_estimates(network, TEXT, LAGS)
    assert (found.half_life, found.horizon, found.saturated) == (1, 1, 1.0)
    assert (found.log10_norm_1, found.log10_norm_last, found.lyapunov) == (None, None, None)


@pytest.mark.parametrize("weight", [1e200, np.inf, np.nan])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.filterwarnings("error")
def test_the_figures_of_a_diverging_network_are_finite_or_none(cell, weight):
    network = fresh(cell, **({"nonlinearity": "relu"} if cell == "rnn" else {}))
    network.parameters.flat[:] = weight
    [found] = flow_estimates(network, TEXT, LAGS)
    numbers = [value for value in vars(found).values() if value is not None]
    assert np.isfinite(numbers).all()
    if np.isnan(weight):
        assert (found.half_life, found.horizon, found.lyapunov, found.spectral_radius) == (None, None, None, None)
