"""The cost of truncation, compared with the gradient of the last step's loss by definition."""

import numpy as np
import pytest
from slow import mostly_slow

from charrnn.diagnostics.gradflow.truncation import _compare, truncations
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network

V, H, T, P, ε = 5, 3, 4, 2, 1e-30
BEGINS = np.zeros((T, P), bool)
BEGINS[2, 1] = True


def small(cell, bias=True):
    generator = np.random.default_rng(4)
    network = Network.fresh(Architecture(V, H, cell, num_layers=2, bias=bias), generator, np.float64)
    network.parameters.flat[:] += generator.normal(0, 0.4, len(network.parameters))
    for name in network.architecture.held_biases():
        network.parameters[name][:] = 0
    state = generator.uniform(-0.9, 0.9, network.architecture.state_shape(P))
    return network, generator.integers(0, V, (T + 1, P)), state


def last_loss(network, ids, state, reset_mask):
    """The mean loss of the last step over the streams."""
    ws = network.workspace(len(ids) - 1, P)
    network.logits(ids[:-1], state.astype(network.parameters.flat.dtype), ws, reset_mask)
    o = ws.logits[-1]
    return (np.log(np.exp(o).sum(1)) - o[np.arange(P), ids[-1]]).mean()


def by_complex_step(network, ids, state, reset_mask):
    """Its gradient by the parameters, and which of them are recurrent."""
    network = network.astype(np.complex128)
    found = np.zeros(len(network.parameters))
    for place in range(len(found)):
        network.parameters.flat[place] += 1j * ε
        found[place] = last_loss(network, ids, state, reset_mask).imag / ε
        network.parameters.flat[place] -= 1j * ε
    mask = network.parameters.zeros_like()
    for name, view in mask.items():
        view[:] = name.startswith("W_hh")
    for name in network.architecture.held_biases():
        found[network.parameters.place(name)] = 0
    return found, mask.flat.real > 0


def cosine_and_ratio(part, full):
    norms = np.linalg.norm(part), np.linalg.norm(full)
    return part @ full / (norms[0] * norms[1]), norms[0] / norms[1]


@mostly_slow("reset_mask", [np.zeros((T, P), bool), BEGINS], ids=["one text", "documents"], one_in=2)
@pytest.mark.parametrize("bias", [True, False], ids=["biases", "no biases"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_figures_are_those_of_gradients_by_complex_step(cell, bias, reset_mask):
    network, ids, state = small(cell, bias)
    full, recurrent = by_complex_step(network, ids, state, reset_mask)
    before = network.workspace(T, P)
    network.logits(ids[:-1], state, before, reset_mask)
    for cut in truncations(network, ids, state, reset_mask):
        start = T - cut.window
        part, _ = by_complex_step(network, ids[start:], before.state_after(start), reset_mask[start:])
        assert (cut.cosine, cut.norm_ratio) == pytest.approx(cosine_and_ratio(part, full), abs=1e-12)
        alone = cosine_and_ratio(part[recurrent], full[recurrent])
        assert (cut.recurrent_cosine, cut.recurrent_norm_ratio) == pytest.approx(alone, abs=1e-12)


def test_the_windows_are_powers_of_two_and_all_there_is():
    network, ids, state = small("rnn")
    assert [cut.window for cut in truncations(network, ids, state, BEGINS)] == [1, 2, 4]
    assert [cut.window for cut in truncations(network, ids[:4], state, BEGINS[:3])] == [1, 2, 3]
    assert [cut.window for cut in truncations(network, ids[:2], state, BEGINS[:1])] == [1]


def test_a_gradient_of_zero_has_no_direction():
    assert _compare(np.array([3.0, 0]), np.array([3.0, 4])) == pytest.approx((0.6, 0.6))
    assert _compare(np.zeros(2), np.ones(2)) == (0, 0)
    assert _compare(np.ones(2), np.zeros(2)) == (0, 0)
