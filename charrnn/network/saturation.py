"""The share of values, from 0 to 1, where a nonlinearity is flat: no gradient comes through them.

tanh, gru, lstm   |value| above 0.99: φ' is below 0.02 (for an LSTM, h and not the cell state)
sigmoid           outside 0.01 to 0.99: φ' is below 0.01; not bad in itself: a forget gate near 1 remembers
relu              0: the unit is off, and φ' is 0; of a carried state, off in every stream: the unit is dead
"""

from collections.abc import Callable

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array
from charrnn.network.cells.cell import CellWorkspace

SATURATION_LEVEL = 0.99


def tanh_saturation(values: Array) -> float:
    """The share of saturated values of tanh.

    >>> tanh_saturation(np.array([0.0, 0.5, -0.999, 1.0]))
    0.5
    """
    return float(np.mean(np.abs(values) > SATURATION_LEVEL))


def sigmoid_saturation(values: Array) -> float:
    """The share of saturated values of a sigmoid."""
    return float(np.mean(np.abs(2 * values - 1) > 2 * SATURATION_LEVEL - 1))


SATURATION: dict[str, Callable[[Array], float]] = {
    "tanh": tanh_saturation,
    "sigmoid": sigmoid_saturation,
    "relu": lambda values: float(np.mean(values <= 0)),
}


def saturated_units(architecture: Architecture, state: Array) -> float:
    """The share of saturated hidden units of all layers in a carried state, (S, B, H)."""
    h = state[:: len(state) // architecture.num_layers]
    if architecture.nonlinearity == "relu":
        return float(np.mean(np.all(h <= 0, axis=1)))
    return SATURATION[architecture.nonlinearity](h)


def layer_saturation(architecture: Architecture, cell: CellWorkspace) -> dict[str, float]:
    """The share of saturated values of each nonlinearity, in the steps that a layer's workspace holds."""
    values = cell.activations
    match architecture.cell:
        case "gru":
            return {**{gate: sigmoid_saturation(values[gate]) for gate in "rz"}, "n": tanh_saturation(values["n"])}
        case "lstm":
            tanh = {"g": tanh_saturation(values["g"]), "tanh c": tanh_saturation(np.tanh(values["c"]))}
            return {**{gate: sigmoid_saturation(values[gate]) for gate in "ifo"}, **tanh}
    return {"h": SATURATION[architecture.nonlinearity](values["h"])}
