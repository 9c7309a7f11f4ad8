"""Both ways to compute σ, of which a processor uses one."""

import pytest

from charrnn.network import activations
from charrnn.network.activations import NONLINEARITIES, SIGMOID, Nonlinearity, sigmoid_by_exp, sigmoid_by_tanh
from charrnn.network.cells import gru, lstm

each_sigmoid = pytest.mark.parametrize("apply", [sigmoid_by_exp, sigmoid_by_tanh])


def use_sigmoid(apply, monkeypatch):
    """Let every cell compute σ in this way."""
    chosen = Nonlinearity(apply, SIGMOID.slope)
    for module in (activations, gru, lstm):
        monkeypatch.setattr(module, "SIGMOID", chosen)
    monkeypatch.setitem(NONLINEARITIES, "sigmoid", chosen)
