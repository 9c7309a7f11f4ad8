"""How many units stand where their nonlinearity is flat: through them no gradient comes.

tanh      |value| above 0.99: φ' is below 0.02
sigmoid   outside 0.01 to 0.99: φ' is below 0.01; for a gate that is not bad in itself: a forget gate near 1 remembers
relu      0: the unit is off, and φ' is 0
"""

from typing import Any

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array
from charrnn.network.saturation import of_sigmoid, of_tanh


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
