"""A trained network for other tools: mostly safetensors, with the vocabulary and the configuration in the metadata.

To charrnn itself: a checkpoint of weights alone (runs/storage/weights_only.py). To HTML: a page to write with
(writer_page/). To ONNX: a graph (onnx_graph.py). To others: the plain names, or PyTorch's.

To PyTorch: the names and layouts of `nn.RNN`, `nn.GRU` or `nn.LSTM` called `rnn` and `nn.Linear` called `readout`:

    rnn.weight_ih_l0 (G H, V)   rnn.weight_hh_l0 (G H, H)   rnn.bias_ih_l0, rnn.bias_hh_l0 (G H,)   ... _l1, _l2
    readout.weight (V, H)       readout.bias (V,)

A deep readout has an `nn.Linear` called `deep` before it: o = readout(h + relu(deep(h))), with deep.weight (H, H),
deep.bias (H,).

PyTorch multiplies by the transpose, has the LSTM's gates in the order i f g o, and two biases where one would do: the
second is zero then. The input of `rnn` is the one-hot character.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np

from charrnn.errors import NetworkError, OptionError, OutputError
from charrnn.models.export_names import require_file_name
from charrnn.models.onnx_graph import onnx_model
from charrnn.models.writer_page.page import page
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.runs.storage import safetensors_file as files
from charrnn.runs.storage.checkpoint import Checkpoint, contents
from charrnn.runs.storage.weights_only import halved, weights_alone
from charrnn.system.files.whole_file import whole_file
from charrnn.words import parameter

TORCH_ORDER = {"gru": [0, 1, 2], "lstm": [0, 1, 3, 2]}  # of our gate blocks: r z n; i f o g -> i f g o

Writer = Callable[[IO[bytes], Checkpoint, str], None]
"""Writes a checkpoint to a file; the text is the name of the model."""


@dataclass(frozen=True)
class Format:
    """What `export` can write."""

    write: Writer
    read_with: str = ""  # Python that shows the file {name}
    write_half: Writer | None = None  # in half precision


def require_format(to: str, half: bool = False) -> None:
    """Raise OptionError for a format that does not exist, and for half precision in one that has none."""
    *names, last = FORMATS
    if to not in FORMATS:
        raise OptionError(f"{parameter('to')} must be {', '.join(names)} or {last}; found {to}")
    if half and FORMATS[to].write_half is None:
        have_it = " or ".join(name for name, known in FORMATS.items() if known.write_half)
        raise OptionError(f"{parameter('half')} is for {parameter('to')} {have_it}")


def write(
    checkpoint: Checkpoint, path: Path, to: str, replace: bool = False, half: bool = False, name: str = ""
) -> None:
    """Write a trained network, called `name`, in a format of FORMATS, with `half` in half precision.

    Raises OutputError if the file's name has the ending of another format, if the file exists and `replace` is
    false, or if it cannot be written; and NetworkError if the format does not have this network,
    or if half precision does not have a weight.
    """
    require_file_name(path, to)
    writer = (half and FORMATS[to].write_half) or FORMATS[to].write
    try:
        with whole_file(path, replace) as file:
            writer(file, checkpoint, name)
    except FileExistsError:
        raise OutputError(f"{path}: exists already; {parameter('replace')} replaces it") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


def _write_weights(file: IO[bytes], checkpoint: Checkpoint, name: str, half: bool = False) -> None:
    tensors, metadata = contents(weights_alone(checkpoint))
    files.write(file, halved(tensors) if half else tensors, metadata)


def _write_tensors(
    tensors_of: Callable[[Network], dict[str, Array]], file: IO[bytes], checkpoint: Checkpoint, name: str
) -> None:
    files.write(file, tensors_of(checkpoint.network), _metadata(checkpoint))


def _metadata(checkpoint: Checkpoint) -> dict[str, str]:
    return {
        "vocabulary": json.dumps(checkpoint.vocabulary.symbols, ensure_ascii=False),
        "config": checkpoint.config.model_dump_json(),
    }


def _write_onnx(file: IO[bytes], checkpoint: Checkpoint, name: str) -> None:
    file.write(onnx_model(checkpoint.network, _metadata(checkpoint)))


def _write_page(file: IO[bytes], checkpoint: Checkpoint, name: str) -> None:
    file.write(page(checkpoint, name).encode())


def torch_tensors(network: Network) -> dict[str, Array]:
    """The weights under PyTorch's names, in its layouts and gate order. Raises NetworkError for φ = sigmoid."""
    architecture, p = network.architecture, network.parameters
    if architecture.nonlinearity == "sigmoid":
        raise NetworkError(
            f"PyTorch's nn.RNN has tanh and relu only; this network's nonlinearity is sigmoid; export it with {parameter('to')} plain"
        )
    tensors = {"readout.weight": p["W_hy"].T, "readout.bias": p["b_y"]}
    if architecture.readout == "deep":
        tensors |= {"deep.weight": p["W_hr"].T, "deep.bias": p["b_r"]}
    for number, names in enumerate(architecture.layer_names()):
        weights = {base: _in_torch_order(p[name], architecture.cell) for base, name in names.items()}
        bias_ih = weights["b_xh"] if "b_xh" in weights else weights["b_h"]
        tensors[f"rnn.weight_ih_l{number}"] = weights["W_xh"].T
        tensors[f"rnn.weight_hh_l{number}"] = weights["W_hh"].T
        tensors[f"rnn.bias_ih_l{number}"] = bias_ih
        tensors[f"rnn.bias_hh_l{number}"] = weights.get("b_hh", np.zeros_like(bias_ih))
    return {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}


def plain_tensors(network: Network) -> dict[str, Array]:
    """The weights under their own names: W_xh, W_hh, b_h, W_hy, b_y, ..."""
    return {name: np.ascontiguousarray(view) for name, view in network.parameters.items()}


def _in_torch_order(array: Array, cell: str) -> Array:
    """The gates of a weight or bias side by side in the last axis, in PyTorch's order."""
    return array if cell == "rnn" else np.concatenate([array[gate] for gate in TORCH_ORDER[cell]], axis=-1)


_LOAD = "from safetensors.{0} import load_file; print(load_file({{name}}))"
FORMATS: dict[str, Format] = {
    "plain": Format(partial(_write_tensors, plain_tensors), read_with=_LOAD.format("numpy")),
    "torch": Format(partial(_write_tensors, torch_tensors), read_with=_LOAD.format("torch")),
    "charrnn": Format(_write_weights, write_half=partial(_write_weights, half=True)),
    "onnx": Format(_write_onnx, "import onnx; print(onnx.helper.printable_graph(onnx.load({name}).graph))"),
    "html": Format(_write_page),
}
