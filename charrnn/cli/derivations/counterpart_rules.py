"""Further parts of the derivations in charrnn: Jacobians and their products, clipping, the update."""

from dataclasses import replace

import numpy as np

from charrnn.cli.derivations.counterparts import Counterpart
from charrnn.cli.derivations.row_form import states, weights
from charrnn.derivations.equation import relative_error
from charrnn.derivations.systems import vanishing
from charrnn.diagnostics.gradflow import jacobians
from charrnn.diagnostics.gradflow.jacobian_products import norms_by_lag
from charrnn.diagnostics.gradflow.spectrum import conditions, spectra
from charrnn.training.optim.clipping import Clipping
from charrnn.training.optim.freezing import FrozenParameters
from charrnn.training.optim.optimizers import SGD


def flow_errors(both: Counterpart) -> tuple[float, float]:
    """The largest error of the states, and of ∂h_t/∂h_{t-1}, ∂h_T/∂h_k, their norms, |λ_1|, σ and γ, in all layers."""
    network, (T, _), errors, of_states = both.network, both.ids.shape, [], []
    ws = network.workspace(*both.ids.shape)
    network.logits(both.ids, both.state, ws)
    for rnn, w, layer, h in zip(both.stack, network.layers, ws.layers, ws.hidden, strict=True):
        of_states.append(relative_error(h, states(rnn)))
        step = jacobians.layer_jacobians(network.architecture, w, layer.cell)
        product = np.eye(len(rnn.W_hh))[np.newaxis]
        for t in range(T, 0, -1):
            errors.append(relative_error(step(t - 1).by_h[0], rnn.jacobian(t)))
            product = step(t - 1).after(product)
            errors.append(relative_error(product[0], rnn.product(T, t - 1)))
        (norms,), _ = norms_by_lag(step, T, 1, len(rnn.W_hh), 1)
        largest = [vanishing.largest_singular_value(rnn.product(T, T - lag)) for lag in range(T + 1)]
        errors.append(relative_error(np.exp(norms.largest[:, 0]), np.array(largest)))
        [found] = spectra("rnn", w["W_hh"])
        judged = conditions(network.architecture.nonlinearity, found)
        alone = np.array([found.spectral_radius, judged.largest_singular_value, judged.steepest])
        expected = [vanishing.dominant(rnn.W_hh), vanishing.largest_singular_value(rnn.W_hh), rnn.φ_h.γ]
        errors.append(relative_error(alone, np.array(expected)))
    return max(of_states), max(errors)


def clipping_error(both: Counterpart, bound: float) -> float:
    """The largest error of the clipped gradients. Needs biases and characters as inputs: else the norms differ."""
    gradient, _ = both.backward()
    Clipping(bound)(gradient.flat)
    rule = vanishing.clip({name: both.top.gradient(name) for name in both.top.PARAMETERS}, bound)
    expected = weights(replace(both.top, **rule))
    return max(relative_error(found, expected[name]) for name, found in gradient.items())


def update_both(both: Counterpart, α: float, learning_rate: float) -> Counterpart:
    """The system after an update by its rules, and the network after one by SGD, of the averaged loss."""
    network = both.network.astype(np.float64)
    both = replace(both, network=network)
    gradient, _ = both.backward(both.ids.size)
    FrozenParameters(tuple(network.parameters.place(name) for name in both.missing)).mask(gradient.flat)
    SGD(network.parameters.flat).update(network.parameters.flat, gradient.flat, learning_rate)
    return replace(both, stack=(both.top.update(α),))
