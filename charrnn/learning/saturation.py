"""How many hidden units stand where their nonlinearity is flat, by the state that is carried from window to window.

tanh, gru, lstm   |h| above 0.99: φ' is below 0.02 (of an LSTM h, not its cell state: large cells are no bad sign)
sigmoid           h outside 0.01 to 0.99: φ' is below 0.01
relu              h = 0 in every stream: the unit is dead
"""

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array
from charrnn.network.saturation import of_sigmoid, of_tanh


def saturated_units(architecture: Architecture, state: Array) -> float:
    """The share of the hidden units of all layers, from 0 to 1, in a carried state, (S, B, H)."""
    h = state[:: len(state) // architecture.num_layers]
    match architecture.nonlinearity if architecture.cell == "rnn" else "tanh":
        case "relu":
            return float(np.mean(np.all(h <= 0, axis=1)))
        case "sigmoid":
            return of_sigmoid(h)
    return of_tanh(h)
