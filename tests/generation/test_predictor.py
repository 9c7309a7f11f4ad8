import numpy as np
import pytest

from charrnn.generation import predictor
from charrnn.generation.predictor import NetworkPredictor
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_long_beginning_is_read_in_windows_as_it_is_read_at_once(cell, monkeypatch):
    network = Network.fresh(Architecture(7, 6, cell, num_layers=2), np.random.default_rng(0), np.float64)
    inputs = np.random.default_rng(1).integers(0, 7, (50, 3))
    whole, step = NetworkPredictor(network).begin(inputs)
    monkeypatch.setattr(predictor, "WINDOW", 8)
    pieces, step_after_pieces = NetworkPredictor(network).begin(inputs)
    np.testing.assert_allclose(pieces, whole, rtol=1e-12)
    np.testing.assert_allclose(step_after_pieces(inputs[0]), step(inputs[0]), rtol=1e-12)
