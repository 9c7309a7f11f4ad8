"""Figures of whole networks with known values."""

import numpy as np
import pytest

from charrnn.diagnostics.gradflow.gradient_flow import (
    LOG_ZERO,
    _curve,
    _quantile,
    gradient_flow,
    lag_below,
    lyapunov_exponent,
    warm_up,
)
from charrnn.diagnostics.gradflow.jacobian_products import Norms
from charrnn.diagnostics.gradflow.truncation import truncations
from charrnn.errors import CheckError
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.initialisation import orthogonal
from charrnn.network.network import Network

V, H = 5, 8
TEXT = np.random.default_rng(0).integers(0, V, 400)


def fresh(cell="rnn", layers=1, **options):
    return Network.fresh(Architecture(V, H, cell, num_layers=layers, **options), np.random.default_rng(1), np.float64)


def cuts(network, lags):
    """The cost of truncation over 16 positions of the text."""
    return truncations(network, *warm_up(network, TEXT, lags, 16))


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


def test_a_value_at_the_threshold_is_not_below_it():
    assert lag_below(0.5, [0, np.log10(0.5), -1]) == 2


def test_a_curve_has_the_quartiles_of_rms_and_the_median_of_the_largest():
    rms, largest = np.random.default_rng(0).normal(size=(2, 4, 9))
    curve = _curve("h", Norms(rms * np.log(10), largest * np.log(10)))
    for found, expected in [
        (curve.lower, np.quantile(rms, 0.25, axis=1)),
        (curve.median, np.median(rms, axis=1)),
        (curve.upper, np.quantile(rms, 0.75, axis=1)),
        (curve.largest, np.median(largest, axis=1)),
    ]:
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_exponent_leaves_the_first_quarter_out_and_is_the_mean_over_the_positions():
    assert lyapunov_exponent(np.array([[0.0, 0], [-5, -7], [-6, -9], [-7, -11], [-8, -13]])) == pytest.approx(-1.5)


def test_the_figures_of_a_layer_are_its_own():
    network = fresh(layers=2)
    network.parameters.flat[:] = 0
    for w, factor in zip(network.layers, (0.5, 0.9), strict=True):
        w["W_hh"][:] = factor * orthogonal(H, np.random.default_rng(2))
    lower, upper = gradient_flow(network, TEXT, lags=10).layers
    for layer, factor in ((lower, 0.5), (upper, 0.9)):
        assert layer.lyapunov == pytest.approx(np.log(factor))
        assert layer.spectra[0].spectral_radius == pytest.approx(factor)
    network.layers[1]["b_h"][:] = 30
    assert [layer.saturated["h"] for layer in gradient_flow(network, TEXT, lags=10).layers] == [0, 1]


def test_the_exponent_of_a_network_through_which_nothing_comes_is_none():
    assert lyapunov_exponent(np.array([[0.0], [-np.inf]])) is None


def test_a_dead_relu_network_is_reported_in_numbers_that_json_can_hold():
    network = fresh(nonlinearity="relu")
    network.parameters["b_h"][:] = -100
    [layer] = gradient_flow(network, TEXT, lags=10).layers
    assert np.isfinite(layer.curves[0].median + layer.curves[0].upper + layer.curves[0].largest).all()
    assert (layer.lyapunov, layer.curves[0].half_life, layer.saturated["h"]) == (None, 1, 1.0)


@pytest.mark.parametrize("cell", CELLS)
def test_only_windows_shorter_than_the_whole_truncate(cell):
    network = fresh(cell)
    found = cuts(network, 20)
    assert [cut.window for cut in found] == [1, 2, 4, 8, 16, 20]
    assert (found[-1].cosine, found[-1].norm_ratio) == pytest.approx((1, 1), abs=1e-12)
    assert found[0].recurrent_cosine < 0.999
    assert found[0].recurrent_cosine < found[2].recurrent_cosine < found[4].recurrent_cosine


def test_without_recurrence_one_step_is_the_full_gradient():
    network = fresh()
    network.parameters["W_hh"][:] = 0
    for cut in cuts(network, 8):
        assert (cut.cosine, cut.norm_ratio) == pytest.approx((1, 1), abs=1e-12)


def test_every_layer_and_for_the_lstm_both_states_are_reported():
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


def test_no_gradient_goes_back_beyond_the_beginning_of_a_document():
    network = silent(0.9 * orthogonal(H, np.random.default_rng(2)))
    text = np.ones(41, np.intp)
    text[33] = text[25] = 0  # the end of the document before; the last step, 39, is 6 after it
    flow = gradient_flow(network, text, lags=20, positions=1, end_id=0)
    [layer] = flow.layers
    median = np.array(layer.curves[0].median)
    np.testing.assert_allclose(median[:7], np.arange(7) * np.log10(0.9), atol=1e-12)
    assert set(median[7:]) == {LOG_ZERO}
    assert (flow.positions_cut_off, layer.lyapunov, layer.curves[0].half_life) == (1, None, 7)


def test_the_exponent_is_of_the_positions_within_one_document():
    network = silent(0.9 * orthogonal(H, np.random.default_rng(2)))
    text = np.ones(400, np.intp)
    text[395] = 0
    flow = gradient_flow(network, text, lags=20, positions=4, end_id=0)
    assert (flow.positions, flow.positions_cut_off) == (4, 1)
    assert flow.layers[0].lyapunov == pytest.approx(np.log(0.9), abs=1e-10)


@pytest.mark.parametrize("ends", [[9], [22], [9, 15, 22, 30]])
@pytest.mark.parametrize("cell", CELLS)
def test_the_text_before_a_document_does_not_change_its_figures(cell, ends):
    """The warm-up, the states and the truncated gradients all restart."""
    text = TEXT[:41].copy() % (V - 1) + 1
    text[ends] = 0
    before = text.copy()
    before[:9] = before[:9][::-1] % (V - 1) + 1
    assert (before != text).any()
    assert gradient_flow(fresh(cell, layers=2), text, 20, 1, end_id=0) == gradient_flow(
        fresh(cell, layers=2), before, 20, 1, end_id=0
    )
    assert gradient_flow(fresh(cell), text, 20, 1) != gradient_flow(fresh(cell), before, 20, 1)


@pytest.mark.parametrize("cell", CELLS)
def test_a_window_that_reaches_to_its_documents_beginning_leaves_nothing_out(cell):
    text = TEXT[:33] % (V - 1) + 1
    text[28] = 0  # the first of the last 4 steps, up to 31
    full = gradient_flow(fresh(cell), text, lags=16, end_id=0).truncation
    assert [cut.window for cut in full if cut.norm_ratio == pytest.approx(1, abs=1e-13)] == [4, 8, 16]


def test_a_quantile_between_something_and_nothing_is_nothing():
    logs = np.array([[-1.0, -2.0, -3.0, -4.0], [-1.0, -2.0, LOG_ZERO, LOG_ZERO]])
    assert _quantile(logs, 0.5) == [-2.5, LOG_ZERO]
    assert _quantile(logs, 0.75) == [-1.75, -1.75]


def test_a_text_that_is_too_short_for_the_lags_is_refused():
    with pytest.raises(CheckError, match=r"10 lags need a text of 11 characters; found 10; ask for fewer with `lags`"):
        gradient_flow(fresh(), TEXT[:10], lags=10)
    assert gradient_flow(fresh(), TEXT[:11], lags=10).positions == 1
