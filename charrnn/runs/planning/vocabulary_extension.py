"""Extend a network to a larger vocabulary: every symbol keeps its weights under its new id.

Three parameters have a vocabulary axis: W_xh of the first layer (a row for each symbol), W_hy (a column) and b_y. They
are mapped symbol by symbol; all others are copied. New symbols start as in a fresh network (see
network/initialisation.py): with small random weights, and a bias of 0. That makes a new symbol about as unlikely as a
rare one: the columns of likely symbols in a trained readout are some ten times as long. Measured with a gru of 128
units, from one English text to another with twelve new characters, and to a Russian one: neither the mean of the
columns, nor the column or the bias of the rarest symbol, nor zeros had a lower loss.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import DTypeLike

from charrnn.errors import NetworkError
from charrnn.network.network import Network
from charrnn.text.vocabulary import Vocabulary

AXES = {"W_xh": -2, "W_hy": -1, "b_y": -1}  # the axis of the symbols


def extend_vocabulary(
    network: Network, old: Vocabulary, new: Vocabulary, generator: np.random.Generator, dtype: DTypeLike = np.float32
) -> Network:
    """A copy of `network` for the vocabulary `new`, which contains all symbols of its vocabulary `old`.

    Raises NetworkError if a weight is too large for `dtype`.
    """
    whole = Network.fresh(replace(network.architecture, vocab_size=len(new)), generator, dtype)
    ids = {symbol: index for index, symbol in enumerate(new.symbols)}
    places = [ids[symbol] for symbol in old.symbols]
    with np.errstate(over="ignore"):
        for name, view in whole.parameters.items():
            before = network.parameters[name]
            if name in AXES:
                np.moveaxis(view, AXES[name], 0)[places] = np.moveaxis(before, AXES[name], 0)
            else:
                view[:] = before
    if not np.isfinite(whole.parameters.flat).all():
        raise NetworkError(f"its weights are too large for {np.dtype(dtype)}; try training.precision=float64")
    return whole
