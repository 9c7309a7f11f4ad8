"""The systems of the four derivations beside charrnn's own network: the same numbers, for the same weights."""

from dataclasses import replace

import numpy as np
import pytest

from charrnn.derivations import functions
from charrnn.derivations.case import Case
from charrnn.derivations.systems.mini_batch import MiniBatch
from charrnn.derivations.systems.scalar import Scalar
from charrnn.derivations.systems.vector import Vector
from charrnn.network.activations import NONLINEARITIES
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters

T, D, C, B = 4, 5, 6, 2
EXACT = {"rtol": 1e-11, "atol": 1e-14}


def test_d1_shapes_of_the_readout():
    """As the network has them, with as many classes as characters; the document has as many as neurons."""
    rnn = MiniBatch.random(Case(M=C, C=C, D=D), np.random.default_rng(0))
    shapes = Architecture(C, D).shapes()
    names = {"W_xh": "W_xh", "W_hh": "W_hh", "b_h": "b_h", "W_yh": "W_hy", "b_y": "b_y"}
    assert {name: getattr(rnn, name).shape for name in names} == {name: shapes[here] for name, here in names.items()}


@pytest.mark.parametrize(("here", "there"), [("tanh", "tanh"), ("sigmoid", "logistic"), ("relu", "relu")])
def test_the_networks_nonlinearities_are_those_of_the_documents(here, there):
    a = np.array([-2.0, -0.3, 0.4, 1.5])
    h, slope = np.zeros(4), np.zeros(4)
    NONLINEARITIES[here].apply(a, h)
    NONLINEARITIES[here].slope(h, slope)
    np.testing.assert_allclose(h, functions.ACTIVATIONS[there].value(a), **EXACT)
    np.testing.assert_allclose(slope, functions.ACTIVATIONS[there].slope(a), **EXACT)


def test_the_scalar_classifier_is_the_network_with_one_unit():
    """σ(V s) is a softmax over the logits 0 and V s; a scalar x_t in {x_a, x_b} is a look-up of U x_a or U x_b."""
    ids, values = np.array([0, 1, 1, 0]), np.array([0.8, -0.5])
    rnn = replace(Scalar.random(Case(T=T), np.random.default_rng(2)), x=values[ids])
    parameters = Parameters(Architecture(2, 1).shapes(), np.float64)
    parameters["W_xh"][:, 0] = rnn.U * values
    parameters["W_hh"][:], parameters["W_hy"][:] = rnn.W, [[0, rnn.V]]
    network = Network(Architecture(2, 1), parameters)
    ws, gradient = network.workspace(T, 1), parameters.zeros_like()
    loss = network.forward(ids[:, None], rnn.y[:, None], np.full((1, 1, 1), rnn.s_0), ws)
    network.backward(1, ws, gradient)

    assert loss == pytest.approx(rnn.loss(), rel=1e-14)
    np.testing.assert_allclose(gradient["W_hh"][0, 0], rnn.gradient("W"), **EXACT)
    np.testing.assert_allclose(gradient["W_hy"][0, 1], rnn.gradient("V"), **EXACT)
    np.testing.assert_allclose(values @ gradient["W_xh"][:, 0], rnn.gradient("U"), **EXACT)


def test_the_single_sequence_without_biases_is_the_network_with_one_stream():
    """D2 section 2 for one-hot x: U = W_xhᵀ, W = W_hhᵀ, V = W_hyᵀ, biases zero, B = 1."""
    rnn = Vector.random(Case(T=T, M=C, D=D, C=C, one_hot=True), np.random.default_rng(4))
    parameters = Parameters(Architecture(C, D).shapes(), np.float64)
    names = {"W_xh": "U", "W_hh": "W", "W_hy": "V"}
    for here, there in names.items():
        parameters[here][:] = getattr(rnn, there).T
    network = Network(Architecture(C, D), parameters)
    ws, gradient = network.workspace(T, 1), parameters.zeros_like()
    inputs, targets = (each.argmax(axis=1)[:, None] for each in (rnn.x, rnn.y))
    loss = network.forward(inputs, targets, rnn.s_0[None, None], ws)
    network.backward(1, ws, gradient)

    assert loss == pytest.approx(rnn.loss(), rel=1e-13)
    for here, there in names.items():
        np.testing.assert_allclose(gradient[here].T, rnn.gradient(there), **EXACT)


@pytest.mark.parametrize("averaged", [False, True])
def test_the_mini_batch_is_the_network_summed_or_averaged(averaged):
    rnn = MiniBatch.random(Case(T=T, M=C, D=D, C=C, B=B, one_hot=True, averaged=averaged), np.random.default_rng(7))
    parameters = Parameters(Architecture(C, D).shapes(), np.float64)
    names = {"W_xh": "W_xh", "W_hh": "W_hh", "b_h": "b_h", "W_hy": "W_yh", "b_y": "b_y"}
    for here, there in names.items():
        parameters[here][:] = getattr(rnn, there)
    network = Network(Architecture(C, D), parameters)
    ws, gradient = network.workspace(T, B), parameters.zeros_like()
    loss = network.forward(rnn.X.argmax(axis=2), rnn.y.argmax(axis=2), rnn.h_0[None], ws)
    network.backward(T * B if averaged else 1, ws, gradient)

    assert loss / rnn.N == pytest.approx(rnn.loss(), rel=1e-13)
    for here, there in names.items():
        np.testing.assert_allclose(gradient[here], rnn.gradient(there), **EXACT)
