"""How many values stand where a nonlinearity is flat, as shares from 0 to 1: no gradient comes through them.

tanh, gru, lstm   |value| above 0.99: φ' is below 0.02 (of an LSTM h, not its cell state: large cells are no bad sign)
sigmoid           outside 0.01 to 0.99: φ' is below 0.01; for a gate that is not bad in itself: a forget gate near 1 remembers
relu              0: the unit is off, and φ' is 0; of a carried state, off in every stream: the unit is dead
"""

from typing import Any

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array

SATURATION_LEVEL = 0.99


def tanh_saturation(values: Array) -> float:
    """The share of what tanh gave."""
    return float(np.mean(np.abs(values) > SATURATION_LEVEL))


def sigmoid_saturation(values: Array) -> float:
    """The share of what a sigmoid gave."""
    return float(np.mean(np.abs(2 * values - 1) > 2 * SATURATION_LEVEL - 1))


def saturated_units(architecture: Architecture, state: Array) -> float:
    """The share of the hidden units of all layers, from 0 to 1, in a carried state, (S, B, H)."""
    h = state[:: len(state) // architecture.num_layers]
    match architecture.nonlinearity if architecture.cell == "rnn" else "tanh":
        case "relu":
            return float(np.mean(np.all(h <= 0, axis=1)))
        case "sigmoid":
            return sigmoid_saturation(h)
    return tanh_saturation(h)


def layer_saturation(architecture: Architecture, cell: Any) -> dict[str, float]:
    """The share of saturated values of each nonlinearity in the steps that stand in a layer's own workspace."""
    match architecture.cell:
        case "gru":
            r, z, n = cell.gates
            return {"r": sigmoid_saturation(r), "z": sigmoid_saturation(z), "n": tanh_saturation(n)}
        case "lstm":
            i, f, o, g = cell.gates
            gates = {"i": sigmoid_saturation(i), "f": sigmoid_saturation(f), "o": sigmoid_saturation(o)}
            return {**gates, "g": tanh_saturation(g), "tanh c": tanh_saturation(np.tanh(cell.c[1:]))}
    share = {"tanh": tanh_saturation, "sigmoid": sigmoid_saturation, "relu": _relu_saturation}[
        architecture.nonlinearity
    ]
    return {"h": share(cell.h[1:])}


def _relu_saturation(values: Array) -> float:
    return float(np.mean(values <= 0))
