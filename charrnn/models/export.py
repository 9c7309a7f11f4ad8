"""The weights of a network, as safetensors with the vocabulary and the configuration in the metadata.

To charrnn itself: a checkpoint of weights alone (runs/storage/weights_only.py). To others: the plain names, or PyTorch's.

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
from pathlib import Path

import numpy as np

from charrnn.errors import NetworkError, OptionError, OutputError
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.runs.storage import safetensors_file as files
from charrnn.runs.storage.checkpoint import Checkpoint, contents
from charrnn.runs.storage.weights_only import halved, weights_alone
from charrnn.system.output_names import require_ending
from charrnn.system.whole_file import whole_file
from charrnn.words import parameter

CHARRNN = "charrnn"
TORCH_ORDER = {"gru": [0, 1, 2], "lstm": [0, 1, 3, 2]}  # of our gate blocks: r z n; i f o g -> i f g o


def require_format(to: str, half: bool = False) -> None:
    """Raise OptionError for a format that does not exist, and for half precision in one that has none."""
    if to not in (CHARRNN, *FORMATS):
        raise OptionError(f"{parameter('to')} must be {', '.join(FORMATS)} or {CHARRNN}; found {to}")
    if half and to != CHARRNN:
        raise OptionError(f"{parameter('half')} is for {parameter('to')} {CHARRNN}")


ENDINGS = (".safetensors",)


def write(checkpoint: Checkpoint, path: Path, to: str, replace: bool = False, half: bool = False) -> None:
    """Write the weights under their own names (`to` "plain") or under PyTorch's ("torch"), or as a checkpoint of weights
    alone ("charrnn"), with `half` in half precision.

    Raises OutputError if the file's name has another ending than .safetensors, if the file exists and `replace` is
    false, or if it cannot be written; and NetworkError if PyTorch does not have this network,
    or if half precision does not have a weight.
    """
    require_ending(path, ENDINGS, "export writes a safetensors file")
    if to == CHARRNN:
        tensors, metadata = contents(weights_alone(checkpoint))
        tensors = halved(tensors) if half else tensors
    else:
        tensors = FORMATS[to](checkpoint.network)
        metadata = {
            "vocabulary": json.dumps(checkpoint.vocabulary.symbols, ensure_ascii=False),
            "config": checkpoint.config.model_dump_json(),
        }
    try:
        with whole_file(path, replace) as file:
            files.write(file, tensors, metadata)
    except FileExistsError:
        raise OutputError(f"{path}: exists already; {parameter('replace')} replaces it") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


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


FORMATS: dict[str, Callable[[Network], dict[str, Array]]] = {"plain": plain_tensors, "torch": torch_tensors}
