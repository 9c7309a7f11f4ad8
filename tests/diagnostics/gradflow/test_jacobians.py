"""The Jacobians of a step, in closed form, against a complex step through the network's own forward."""

import numpy as np
import pytest

from charrnn.diagnostics.gradflow import jacobians
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.network.window_options import WindowOptions

V, H, B, ε = 7, 5, 3, 1e-30
KINDS = [("rnn", "sigmoid"), ("rnn", "relu"), *((cell, "tanh") for cell in CELLS)]


def small(cell, nonlinearity, layers=2):
    """A random network with biases, two characters of three streams, and a state."""
    generator = np.random.default_rng(3)
    network = Network.fresh(Architecture(V, H, cell, nonlinearity, layers), generator, np.float64)
    network.parameters.flat[:] += generator.normal(0, 0.4, len(network.parameters))
    return network, generator.integers(0, V, (2, B)), generator.uniform(-0.9, 0.9, network.architecture.state_shape(B))


def by_complex_step(network, ids, state, layer):
    """∂s'/∂s of one layer, (B, S H, S H): its own state is moved, that of the other layers is held."""
    S = network.architecture.make_cell().number_of_states
    own, found = slice(layer * S, (layer + 1) * S), np.zeros((B, S * H, S * H))
    network = network.astype(np.complex128)
    for column in range(S * H):
        moved = state.astype(np.complex128)
        moved[own][column // H, :, column % H] += 1j * ε
        ws = network.workspace(1, B)
        network.logits(ids, moved, ws)
        found[:, :, column] = ws.state[own].imag.swapaxes(0, 1).reshape(B, -1) / ε
    return found


def in_full(jacobian):
    """As a matrix for each stream, (B, S H, S H)."""
    size = jacobian.by_h.shape[1]
    return jacobian.after(np.broadcast_to(np.eye(size), (B, size, size)))


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
@pytest.mark.parametrize("layer", [0, 1])
def test_the_jacobian_of_a_step_is_that_of_a_complex_step(cell, nonlinearity, layer):
    network, ids, state = small(cell, nonlinearity)
    ws = network.workspace(2, B)
    network.logits(ids, state, ws)
    found = jacobians.layer_jacobians(network.architecture, network.layers[layer], ws.layers[layer].cell)
    for t, before in enumerate([state, ws.state_after(1)]):
        expected = by_complex_step(network, ids[t : t + 1], before, layer)
        np.testing.assert_allclose(in_full(found(t)), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_a_reset_stops_the_gradient_of_its_own_stream_only(cell):
    network, ids, state = small(cell, "tanh", layers=1)
    ws, reset_mask = network.workspace(2, B), np.array([[False, False, False], [False, True, False]])
    network.logits(ids, state, ws, reset_mask)
    steps = jacobians.layer_jacobians(network.architecture, network.layers[0], ws.layers[0].cell)
    for t, (found, plain) in enumerate(
        [(in_full(jacobians.with_resets(steps, reset_mask)(t)), in_full(steps(t))) for t in (0, 1)]
    ):
        assert not found[reset_mask[t]].any()
        np.testing.assert_array_equal(found[~reset_mask[t]], plain[~reset_mask[t]])
        assert plain.any(axis=(1, 2)).all()


@pytest.mark.parametrize("cell", CELLS)
def test_a_gradient_that_goes_back_by_the_jacobians_is_that_of_the_networks_own_backward(cell):
    network, ids, state = small(cell, "tanh", layers=1)
    ws, gradient = network.workspace(2, B), network.parameters.zeros_like()
    network.logits(ids, state, ws)
    p = np.exp(ws.logits[-1])
    do = (p / p.sum(-1, keepdims=True) - np.eye(V)[ids[-1]]) / B
    by_h = do @ network.parameters["W_hy"].T
    found = jacobians.layer_jacobians(network.architecture, network.layers[0], ws.layers[0].cell)
    products = [found(1), found(0)]
    row = np.concatenate([by_h, np.zeros((B, products[0].by_h.shape[1] - H))], axis=-1)[:, np.newaxis]
    for jacobian in products:
        row = jacobian.after(row)
    last = WindowOptions(loss_steps=1)
    network.forward(ids, ids, state, ws, last)
    dstate = network.backward(B, ws, gradient, last)
    np.testing.assert_allclose(row[:, 0].reshape(B, -1, H).swapaxes(0, 1), dstate, rtol=1e-10, atol=1e-15)
