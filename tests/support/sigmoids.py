"""Both ways to compute σ, of which a processor uses one."""

import pkgutil
from importlib import import_module

import pytest

from charrnn.network import activations, cells
from charrnn.network.activations import NONLINEARITIES, SIGMOID, Nonlinearity, sigmoid_by_exp, sigmoid_by_tanh

CELL_MODULES = [found.name for found in pkgutil.iter_modules(cells.__path__, f"{cells.__name__}.")]
each_sigmoid = pytest.mark.parametrize("apply", [sigmoid_by_exp, sigmoid_by_tanh])


def use_sigmoid(apply, monkeypatch):
    """Let every cell compute σ in this way."""
    chosen = Nonlinearity(apply, SIGMOID.slope)
    for module in (activations, *map(import_module, CELL_MODULES)):
        if hasattr(module, "SIGMOID"):
            monkeypatch.setattr(module, "SIGMOID", chosen)
    monkeypatch.setitem(NONLINEARITIES, "sigmoid", chosen)
