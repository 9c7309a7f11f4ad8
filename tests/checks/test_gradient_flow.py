"""The figures of a whole network, where they are known beforehand."""

import numpy as np
import pytest

from charrnn.checks.gradient_flow import gradient_flow, lag_below, lyapunov_exponent, warmed_up
from charrnn.checks.truncation import truncations
from charrnn.errors import CheckError
from charrnn.network.architecture import Architecture
from charrnn.network.initialisation import orthogonal
from charrnn.network.network import Network

V, H = 5, 8
TEXT = np.random.default_rng(0).integers(0, V, 400)


def fresh(cell="rnn", layers=1, **options):
    return Network.fresh(Architecture(V, H, cell, num_layers=layers, **options), np.random.default_rng(1), np.float64)


def silent(W):
    """A tanh network that reads nothing: its state stays 0, where tanh is linear with slope 1."""
    network = fresh()
    network.parameters.flat[:] = 0
    network.parameters["W_hh"][:] = W
    return network


@pytest.mark.parametrize("radius", [0.8, 1.25])
def test_at_rest_the_exponent_and_the_curve_are_those_of_the_spectral_radius(radius):
    [layer] = gradient_flow(silent(radius * orthogonal(H, np.random.default_rng(2))), TEXT, lags=50).layers
    assert layer.lyapunov == pytest.approx(np.log(radius), abs=1e-10)
    np.testing.assert_allclose(layer.curves[0].median, np.arange(51) * np.log10(radius), atol=1e-10)
    assert layer.spectra[0].spectral_radius == pytest.approx(radius)
    assert layer.conditions.must_vanish == (radius < 1)


def test_the_memory_horizon_of_a_network_that_keeps_nine_tenths():
    [layer] = gradient_flow(silent(0.9 * orthogonal(H, np.random.default_rng(2))), TEXT, lags=50).layers
    assert (layer.curves[0].half_life, layer.curves[0].horizon) == (7, 44)  # 0.9⁷ = 0.478, 0.9⁴⁴ = 0.0097


def test_an_orthogonal_network_at_rest_has_no_horizon():
    [layer] = gradient_flow(silent(orthogonal(H, np.random.default_rng(2))), TEXT, lags=50).layers
    assert (layer.curves[0].half_life, layer.curves[0].horizon) == (None, None)
    assert np.abs(layer.curves[0].largest).max() < 1e-10


def test_a_curve_that_comes_up_again_is_below_only_after_that():
    assert lag_below(0.5, [0, -1, 0, -1, -1]) == 3
    assert lag_below(0.5, [0, -1, 0]) is None


def test_the_exponent_of_a_network_through_which_nothing_comes_is_none():
    assert lyapunov_exponent(np.array([[0.0], [-np.inf]])) is None


def test_a_dead_relu_network_is_told_in_numbers_that_json_can_hold():
    network = fresh(nonlinearity="relu")
    network.parameters["b_h"][:] = -100
    [layer] = gradient_flow(network, TEXT, lags=10).layers
    assert np.isfinite(layer.curves[0].median + layer.curves[0].upper + layer.curves[0].largest).all()
    assert (layer.lyapunov, layer.curves[0].half_life, layer.saturated["h"]) == (None, 1, 1.0)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_whole_window_is_no_truncation_and_the_shorter_ones_are(cell):
    network = fresh(cell)
    found = truncations(network, *warmed_up(network, TEXT, 20, 16))
    assert [cut.window for cut in found] == [1, 2, 4, 8, 16, 20]
    assert (found[-1].cosine, found[-1].norm_ratio) == pytest.approx((1, 1), abs=1e-12)
    assert found[0].recurrent_cosine < 0.999
    assert found[0].recurrent_cosine < found[2].recurrent_cosine < found[4].recurrent_cosine


def test_without_recurrence_one_step_is_the_full_gradient():
    network = fresh()
    network.parameters["W_hh"][:] = 0
    for cut in truncations(network, *warmed_up(network, TEXT, 8, 16)):
        assert (cut.cosine, cut.norm_ratio) == pytest.approx((1, 1), abs=1e-12)


def test_every_layer_and_for_the_lstm_both_states_are_told():
    flow = gradient_flow(fresh("lstm", layers=2), TEXT, lags=6)
    assert [layer.layer for layer in flow.layers] == [1, 2]
    assert [[curve.state for curve in layer.curves] for layer in flow.layers] == [["h", "c"], ["h", "c"]]
    assert flow.layers[0].conditions is None


def test_a_cell_that_remembers_everything_keeps_the_gradient_along_c():
    network = fresh("lstm")
    network.parameters.flat[:] = 0
    network.parameters["b_h"][1] = 40  # the forget gate is 1
    [layer] = gradient_flow(network, TEXT, lags=30).layers
    assert layer.curves[1].half_life is None
    assert layer.curves[0].half_life == 1
    assert layer.saturated["f"] == 1


def test_a_text_that_is_too_short_for_the_lags_is_refused():
    with pytest.raises(CheckError, match=r"10 lags need a text of 11 characters; found 10; ask for fewer \(--lags\)"):
        gradient_flow(fresh(), TEXT[:10], lags=10)
    assert gradient_flow(fresh(), TEXT[:11], lags=10).positions == 1
