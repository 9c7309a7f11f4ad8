"""Slices of steps that fit the cache, from the end to the beginning."""

import numpy as np
import pytest

from charrnn.network import arrays
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.arrays import reversed_cache_blocks
from charrnn.network.network import Network


@pytest.mark.parametrize(("room", "sizes"), [(10**9, [7]), (3 * 2 * 80, [1, 3, 3]), (2 * 80, [1] * 7), (1, [1] * 7)])
def test_steps_are_visited_once_backwards_in_blocks_that_fit(room, sizes, monkeypatch):
    monkeypatch.setattr(arrays, "CACHE", room)
    slices = list(reversed_cache_blocks(np.zeros((7, 2, 5)), blocks=2))
    assert [part.stop - part.start for part in reversed(slices)] == sizes
    assert [t for part in slices for t in reversed(range(7)[part])] == list(range(6, -1, -1))


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_is_the_same_however_many_steps_fit(cell, monkeypatch):
    network = Network.fresh(Architecture(7, 5, cell, num_layers=2), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 7, (8, 3))
    state, gradients = np.random.default_rng(2).normal(size=network.architecture.state_shape(3)), []
    for room in (10**9, 5000, 1):
        monkeypatch.setattr(arrays, "CACHE", room)
        ws, gradient = network.workspace(7, 3), network.parameters.zeros_like()
        network.forward(ids[:-1], ids[1:], state, ws)
        dstate = network.backward(21, ws, gradient)
        gradients.append(gradient.flat.tobytes() + dstate.tobytes())
    assert len(set(gradients)) == 1
