"""A network as a page of its own, which loads nothing and sends nothing: the network runs in the browser.

The weights are float16 in base64, in the order of the network, but transposed: a row for each output.
"""

import numpy as np

from charrnn.models.html.self_contained import self_contained, to_base64
from charrnn.network.arrays import Array
from charrnn.package import __version__
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.weights_only import halved
from charrnn.text.characters.unit_names import amount
from charrnn.words import parameter, plural

SCRIPTS = ("network.js", "reading.js", "writer.js")


def page(checkpoint: Checkpoint, name: str) -> str:
    """The page as HTML, with the model's name in its title. Raises NetworkError if half precision does not have a weight."""
    architecture, vocabulary = checkpoint.network.architecture, checkpoint.vocabulary
    weights = halved(dict(checkpoint.network.parameters.items()), f"export it with {parameter('to')} plain")
    data = {
        "cell": architecture.cell,
        "nonlinearity": architecture.nonlinearity,
        "layers": architecture.num_layers,
        "H": architecture.hidden_size,
        "V": len(vocabulary),
        "parameters": [[key, weight.size] for key, weight in weights.items()],
        "weights": to_base64(np.concatenate([_rows(key, weight).ravel() for key, weight in weights.items()])),
        "symbols": vocabulary.symbols,
        "bytes": vocabulary.unit == "byte",
        "begin": vocabulary.begin_id,
        "end": vocabulary.end_id,
        "unknown": vocabulary.unknown_id,
        "smoothing": checkpoint.config.training.label_smoothing,
    }
    layers = f"{plural(architecture.num_layers, 'layer')} of {plural(architecture.hidden_size, 'unit')}"
    about = (
        f"{architecture.cell.upper()}, {layers}, {amount(len(vocabulary.characters), vocabulary.unit)}; exported by charrnn {__version__}. "
        "All of it is in this page, which asks the network for nothing."
    )
    return self_contained(__package__, f"{name}, to write with", about, data, SCRIPTS)


def _rows(name: str, weight: Array) -> Array:
    """A row for each output of every gate; in the look-up of the first layer a row for each symbol."""
    if name == "W_xh":
        return np.moveaxis(weight, -2, 0).astype("<f2")
    return (weight.swapaxes(-1, -2) if name.startswith("W_") else weight).astype("<f2")
