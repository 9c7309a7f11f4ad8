"""A network as a page of its own, which loads nothing and sends nothing: the network runs in the browser.

The weights are integers of 16 bits with a scale for each row, nine times as near to those of a trained network as
float16 is. A row has the weights of one output, or in the look-up of the first layer those of one symbol.
"""

from dataclasses import asdict

import numpy as np

from charrnn.models.html.self_contained import self_contained, to_base64
from charrnn.network.arrays import Array
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.text.characters.unit_names import amount
from charrnn.version import __version__
from charrnn.words import plural

SCRIPTS = ("network.js", "reading.js", "writer.js")
LARGEST = 32767  # of 16 bits
SMALLEST = 1e-30  # of a row; smaller weights are 0


def page(checkpoint: Checkpoint, name: str) -> str:
    """The page as HTML, with the model's name in its title."""
    architecture, vocabulary = checkpoint.network.architecture, checkpoint.vocabulary
    data = {
        **asdict(architecture),
        "states": architecture.make_cell().number_of_states,
        "weights": {key: _pack(_rows(key, weight)) for key, weight in checkpoint.network.parameters.items()},
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
    if name == "W_xh":
        return np.moveaxis(weight, -2, 0)
    return weight.swapaxes(-1, -2) if name.startswith("W_") else weight


def _pack(rows: Array) -> dict[str, str]:
    """Rows, (..., n), as words of 16 bits, and their scales, (...,), in base64."""
    scales = np.maximum(np.abs(rows).max(axis=-1, keepdims=True), SMALLEST).astype("<f4") / LARGEST
    return {"words": to_base64(np.rint(rows / scales).astype("<i2")), "scales": to_base64(scales)}
