"""Recurrent weights that are dropped: the masked ones read, the whole ones learn."""

from contextlib import suppress

import numpy as np
import pytest
from slow import mostly_slow
from training.test_trainer import TEXT, evaluated, losses, make

from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.weight_dropout import WeightDropout


def dropping(trainer, rate=0.4, seed=0):
    trainer.weight_dropout = WeightDropout.from_network(trainer.network, rate, seed)
    return trainer


def network_of(cell, num_layers=2, dtype=np.float64):
    return Network.fresh(Architecture(7, 6, cell, num_layers=num_layers), np.random.default_rng(0), dtype)


def masked(network, weight_dropout, step):
    """The weights within, by name."""
    w = network.parameters.flat
    with weight_dropout.apply(w, np.zeros_like(w), step):
        return {name: view.copy() for name, view in network.parameters.items()}


@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_weights_alone_are_dropped_and_those_kept_are_scaled(cell):
    network = Network.fresh(Architecture(7, 40, cell, num_layers=2), np.random.default_rng(0))
    whole = {name: view.copy() for name, view in network.parameters.items()}
    for name, view in masked(network, WeightDropout.from_network(network, 0.3, 1), 5).items():
        if name.startswith("W_hh"):
            assert np.mean(view == 0) == pytest.approx(0.3, abs=0.03)
            kept = view != 0
            np.testing.assert_allclose(view[kept], whole[name][kept] / 0.7, rtol=1e-4)
        else:
            assert view.tobytes() == whole[name].tobytes(), name


def test_the_mask_depends_on_layer_step_and_seed_alone():
    network = network_of("gru")
    once = masked(network, WeightDropout.from_network(network, 0.5, 1), 5)
    again = masked(network, WeightDropout.from_network(network, 0.5, 1), 5)
    assert all((once[name] == again[name]).all() for name in once)
    dropped = [once["W_hh"] == 0, once["W_hh_2"] == 0]
    for seed, step in ((1, 6), (2, 5)):
        dropped.append(masked(network, WeightDropout.from_network(network, 0.5, seed), step)["W_hh"] == 0)
    for one in range(4):
        for other in range(one):
            assert (dropped[one] != dropped[other]).mean() > 0.25


def test_the_masks_of_weights_are_not_those_of_the_units():
    """Layer 1, step 5, of the first stream, seen from the side of the units."""
    network = Network.fresh(Architecture(7, 20, "rnn"), np.random.default_rng(0))
    weights = masked(network, WeightDropout.from_network(network, 0.5, 1), 5)["W_hh"].ravel() == 0
    for stream in range(3):
        mask = np.empty((20, 1, 20), np.float32)
        Dropout(0.5, 1, 5, stream).fill(mask, 0)
        assert (weights != (mask.ravel() == 0)).mean() > 0.3


def test_the_weights_are_restored_bit_by_bit_even_after_an_error():
    network = network_of("lstm")
    w, dropout = network.parameters.flat, WeightDropout.from_network(network, 0.4, 3)
    before = w.tobytes()
    masked(network, dropout, 0)
    assert w.tobytes() == before
    with suppress(KeyboardInterrupt), dropout.apply(w, np.zeros_like(w), 1):
        assert w.tobytes() != before
        raise KeyboardInterrupt
    assert w.tobytes() == before


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_is_that_of_the_whole_weights_by_complex_step(cell):
    """Two layers, several steps, a batch, a carried state: of the loss as a function of U, where U ∘ mask reads."""
    network, rng, T, B = network_of(cell), np.random.default_rng(1), 5, 3
    ids = rng.integers(0, 7, (T + 1, B))
    state = rng.standard_normal(network.architecture.state_shape(B)) * 0.5
    dropout, gradient = WeightDropout.from_network(network, 0.4, 3), network.parameters.zeros_like()
    with dropout.apply(network.parameters.flat, gradient.flat, 2):
        ws = network.workspace(T, B)
        network.forward(ids[:-1], ids[1:], state, ws)
        network.backward(T * B, ws, gradient)
    disturbed, found = network.astype(np.complex128), []
    for index in range(len(network.parameters)):
        w = disturbed.parameters.flat
        w[index] += 1e-30j
        with dropout.apply(w, np.zeros_like(w), 2):
            loss = disturbed.forward(ids[:-1], ids[1:], state.astype(complex), disturbed.workspace(T, B)) / (T * B)
        w[index] = w[index].real
        found.append(loss.imag / 1e-30)
    np.testing.assert_allclose(gradient.flat, found, rtol=1e-10, atol=1e-14)
    assert np.mean(gradient["W_hh"] == 0) > 0.2, "what was dropped does not learn"


@mostly_slow("cell", CELLS, one_in=3)
def test_it_trains_the_same_whatever_the_threads_and_is_off_when_validating(cell):
    trainers = [dropping(make(cell, threads=threads, valid=TEXT[:60])) for threads in (1, 3)]
    found = [losses(trainer, 12) for trainer in trainers]
    assert found[1] == pytest.approx(found[0], rel=1e-9)
    assert found[0] != pytest.approx(losses(make(cell), 12), rel=1e-3)
    off = trainers[0]
    loss = evaluated(off)
    off.weight_dropout = WeightDropout()
    assert evaluated(off) == loss


def test_each_step_drops_other_weights():
    trainer, seen = dropping(make()), []
    trainer.weight_dropout = _Watched(trainer.network, seen)
    losses(trainer, 4)
    assert seen == [0, 1, 2, 3]


class _Watched:
    def __init__(self, network, seen):
        self._real, self._seen = WeightDropout.from_network(network, 0.4, 0), seen

    def apply(self, w, g, step):
        self._seen.append(step)
        return self._real.apply(w, g, step)
