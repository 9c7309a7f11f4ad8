"""Extend a network to a larger vocabulary: every symbol keeps its weights under its new id.

Three parameters have a vocabulary axis: W_xh of the first layer (a row for each symbol), W_hy (a column) and b_y. They
are mapped symbol by symbol; all others are copied. A new symbol begins

    like an old one    with the row and the column of the plain form that the base has: É from E, “ from "
    or afresh          with small random weights, as in a fresh network (see network/initialisation.py)

and with a bias that makes it about as likely as it is frequent in the new text. It shares the probability of its plain
form: the bias of that, plus the logarithm of its share of both. Or it is as likely as an old symbol that is as frequent:
the mean bias of the old symbols in the text, plus how far the logarithm of its count is above the mean of theirs.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import DTypeLike

from charrnn.errors import NetworkError
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.text.vocabulary import Vocabulary

AXES = {"W_xh": -2, "W_hy": -1, "b_y": -1}  # the axis of the symbols
PLAIN = str.maketrans("“”„«»‘’‚–—−‐‑", '"""""\'\'\'-----')  # what Unicode does not decompose


def extend_vocabulary(
    network: Network,
    old: Vocabulary,
    new: Vocabulary,
    counts: Array,
    generator: np.random.Generator,
    dtype: DTypeLike = np.float32,
) -> Network:
    """A copy of `network` for the vocabulary `new`, which contains all symbols of its vocabulary `old`.

    `counts`, (V,): how often each symbol of `new` occurs in the new text. Raises NetworkError if a weight is too large
    for `dtype`.
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
    _begin_new_symbols(whole, old, ids, counts)
    return whole


def plain_form(symbol: str) -> str:
    """A character without its accent, or as a typewriter has it; itself if there is no such form.

    >>> [plain_form(symbol) for symbol in "Éł”…"]
    ['E', 'ł', '"', '.']
    """
    return unicodedata.normalize("NFKD", symbol)[:1].translate(PLAIN)


def _begin_new_symbols(network: Network, old: Vocabulary, ids: Mapping[str, int], counts: Array) -> None:
    """Fill what the symbols that are not in `old` have of a network. Biases that are held at 0 stay there."""
    parameters, level = network.parameters, np.log(counts + 1.0)
    known = set(old.symbols)
    present = [ids[symbol] for symbol in known if counts[ids[symbol]]]
    for symbol in ids.keys() - known:
        new, plain = ids[symbol], plain_form(symbol)
        bias = 0.0
        if len(symbol) == 1 and plain in known:
            for name, axis in AXES.items():
                view = np.moveaxis(parameters[name], axis, 0)
                view[new] = view[ids[plain]]
            bias = parameters["b_y"][new] + level[new] - np.log(counts[new] + counts[ids[plain]] + 1.0)
        elif present:
            bias = parameters["b_y"][present].mean() + level[new] - level[present].mean()
        parameters["b_y"][new] = bias if network.architecture.bias else 0.0
