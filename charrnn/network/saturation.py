"""How many values stand where a nonlinearity is flat, as shares from 0 to 1.

tanh      |value| above 0.99: φ' is below 0.02
sigmoid   outside 0.01 to 0.99: φ' is below 0.01
"""

from typing import Any

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array

NEAR = 0.99


def of_tanh(values: Array) -> float:
    """The share of what tanh gave."""
    return float(np.mean(np.abs(values) > NEAR))


def of_sigmoid(values: Array) -> float:
    """The share of what a sigmoid gave."""
    return float(np.mean(np.abs(2 * values - 1) > 2 * NEAR - 1))


def saturated_units(architecture: Architecture, state: Array) -> float:
    """The share of the hidden units of all layers, from 0 to 1, in a carried state, (S, B, H)."""
    h = state[:: len(state) // architecture.num_layers]
    match architecture.nonlinearity if architecture.cell == "rnn" else "tanh":
        case "relu":
            return float(np.mean(np.all(h <= 0, axis=1)))
        case "sigmoid":
            return of_sigmoid(h)
    return of_tanh(h)


def saturated(architecture: Architecture, cell: Any) -> dict[str, float]:
    """The share of saturated values of each nonlinearity in the steps that stand in a layer's own workspace."""
    match architecture.cell:
        case "gru":
            r, z, n = cell.gates
            return {"r": of_sigmoid(r), "z": of_sigmoid(z), "n": of_tanh(n)}
        case "lstm":
            i, f, o, g = cell.gates
            gates = {"i": of_sigmoid(i), "f": of_sigmoid(f), "o": of_sigmoid(o)}
            return {**gates, "g": of_tanh(g), "tanh c": of_tanh(np.tanh(cell.c[1:]))}
    share = {"tanh": of_tanh, "sigmoid": of_sigmoid, "relu": _off}[architecture.nonlinearity]
    return {"h": share(cell.h[1:])}


def _off(values: Array) -> float:
    return float(np.mean(values <= 0))
