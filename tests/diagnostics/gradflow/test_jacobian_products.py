"""Products of Jacobians with known norms."""

import numpy as np
import pytest
from slow import mostly_slow

from charrnn.diagnostics.gradflow import jacobians
from charrnn.diagnostics.gradflow.jacobian_products import _LargestSingularValue, norms_by_lag
from charrnn.diagnostics.gradflow.jacobians import Jacobian
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.initialisation import orthogonal
from charrnn.network.network import Network

H, P = 20, 3


def linear(W, lags):
    """Norms by lag with φ the identity: every Jacobian is W_hhᵀ."""
    J = Jacobian(np.broadcast_to(W.T, (P, H, H)))
    norms, whole = norms_by_lag(lambda t: J, lags, P, H, 1)
    return norms[0], whole


def of_radius(radius, seed=0):
    W = np.random.default_rng(seed).standard_normal((H, H))
    return W * radius / np.abs(np.linalg.eigvals(W)).max()


@mostly_slow("radius", [0.5, 0.9, 1.1, 2.0], one_in=2)
def test_a_linear_network_vanishes_or_explodes_at_the_rate_of_its_spectral_radius(radius):
    norms, whole = linear(of_radius(radius), 2000)
    for logs in (norms.rms, norms.largest, whole):
        rate = (logs[2000] - logs[1000]) / 1000
        np.testing.assert_allclose(rate, np.log(radius), atol=2e-3)


def test_an_orthogonal_linear_network_keeps_the_norm():
    norms, _ = linear(orthogonal(H, np.random.default_rng(0)), 500)
    assert np.abs(norms.rms).max() < 1e-10
    assert np.abs(norms.largest).max() < 1e-10


@pytest.mark.parametrize("factor", [1e-30, 1e-200, -1e-200, -1e200])
def test_a_product_beyond_the_range_of_floats_is_reported(factor):
    norms, whole = linear(factor * np.eye(H), 50)
    for logs in (norms.rms, norms.largest, whole - np.log(H) / 2):
        np.testing.assert_allclose(logs[50], 50 * np.log(abs(factor)))


def test_a_zero_product_has_logarithm_minus_infinity_and_not_nan():
    norms, whole = linear(np.zeros((H, H)), 3)
    assert np.isneginf(norms.rms[1:]).all()
    assert np.isneginf(norms.largest[1:]).all()
    assert np.isneginf(whole[1:]).all()
    assert (norms.rms[0] == 0).all()


def test_a_stream_that_vanishes_does_not_stop_the_others():
    """As for the LSTM's c: a block may be zero at one step and not at others."""
    J = np.stack([0.9 * orthogonal(H, np.random.default_rng(seed)) for seed in range(P)])

    def step(t):
        alive = np.array([1.0, t != 5, 1.0])[:, np.newaxis, np.newaxis]
        return Jacobian(J * alive)

    norms, _ = norms_by_lag(step, 10, P, H, 1)
    expected = np.arange(11)[:, np.newaxis] * np.log(0.9) + np.zeros((11, P))
    expected[5:, 1] = -np.inf
    np.testing.assert_allclose(norms[0].largest, expected, atol=1e-6)


def test_a_direction_that_nothing_comes_through_is_not_taken_for_nothing():
    follower = _LargestSingularValue(1, H)
    assert follower(np.zeros((1, H, H))) == 0
    only_last = np.zeros((1, H, H))
    only_last[0, -1, -1] = 3.0
    assert follower(only_last) == pytest.approx(3)


@pytest.mark.parametrize("cell", CELLS)
def test_the_norms_are_those_of_the_products_multiplied_out(cell):
    lags, V = 12, 7
    generator = np.random.default_rng(1)
    network = Network.fresh(Architecture(V, H, cell), generator, np.float64)
    network.parameters.flat[:] *= 2
    S = network.architecture.make_cell().number_of_states
    ws = network.workspace(lags, P)
    network.logits(generator.integers(0, V, (lags, P)), network.zero_state(P), ws)
    steps = jacobians.layer_jacobians(network.architecture, network.layers[0], ws.layers[0].cell)
    norms, whole = norms_by_lag(steps, lags, P, H, S)
    product = np.broadcast_to(np.eye(S * H), (P, S * H, S * H))
    for lag in range(1, lags + 1):
        product = steps(lags - lag).after(product)
        np.testing.assert_allclose(np.exp(whole[lag]), np.linalg.norm(product, axis=(1, 2)))
        for number, found in enumerate(norms):
            block = product[:, number * H : (number + 1) * H, number * H : (number + 1) * H]
            np.testing.assert_allclose(np.exp(found.rms[lag]), np.linalg.norm(block, axis=(1, 2)) / np.sqrt(H))
            np.testing.assert_allclose(np.exp(found.largest[lag]), np.linalg.norm(block, 2, axis=(1, 2)), rtol=1e-4)
