"""A network as an ONNX graph in float32: one for a sequence and, with T = 1, for a single step.

    ids (T, B) int64,  state (S, B, H)   ->   logits (T, B, V),  next_state (S, B, H)

T and B are free. The state has h of each layer from below, of an lstm each followed by its c; a text begins with zeros.
ONNX multiplies by the transpose, wants an input and a recurrent bias, and orders the gates in its own way.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.errors import NetworkError
from charrnn.network import readout
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.system.optional_libraries import missing_library

OPSET, IR = 14, 7  # of 2021: runtimes read what is older than they are
OPERATORS = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
ORDER = {"rnn": [0], "gru": [1, 0, 2], "lstm": [0, 2, 1, 3]}  # of our gate blocks: r z n -> z r h; i f o g -> i o f c
MAX_BYTES = (1 << 31) - (1 << 20)  # of an ONNX file, and what is not weights in it


def onnx_model(network: Network, metadata: Mapping[str, str]) -> bytes:
    """The content of an .onnx file. Raises MissingLibraryError without the package onnx, and NetworkError for weights
    that are too many for one file.
    """
    try:
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        raise missing_library("export to onnx", "onnx", "onnx") from None
    if 4 * len(network.parameters) > MAX_BYTES:
        raise NetworkError(f"an ONNX file has at most 2 GB; this network has {len(network.parameters):,} parameters")
    architecture, p = network.architecture, network.parameters
    (S, _, H), V, cell = architecture.state_shape(1), architecture.vocab_size, architecture.cell
    constants: dict[str, Array] = {"V": np.array(V), "off_on": np.array([0, 1], np.float32), "axis": np.array([1])}
    before, after = ([f"{name}_{number}" for number in range(S)] for name in ("before", "after"))
    steps: list[tuple[str, list[str], list[str], dict[str, Any]]] = [("Split", ["state"], before, {"axis": 0})]
    steps.append(("OneHot", ["ids", "V", "off_on"], ["x"], {}))
    options: dict[str, Any] = {"gru": {"linear_before_reset": 1}, "lstm": {}}.get(
        cell, {"activations": [architecture.nonlinearity.capitalize()]}
    )
    for number, w in enumerate(network.layers):
        names = [f"{name}_{number}" for name in ("W", "R", "B")]
        constants |= dict(zip(names, _weights(w, cell), strict=True))
        own = slice(number * S // len(network.layers), (number + 1) * S // len(network.layers))
        inputs = [f"h_{number - 1}" if number else "x", *names, "", *before[own]]  # "": all of one length
        steps.append((OPERATORS[cell], inputs, [f"y_{number}", *after[own]], {"hidden_size": H, **options}))
        steps.append(("Squeeze", [f"y_{number}", "axis"], [f"h_{number}"], {}))  # that of the direction
    h = r = f"h_{number}"
    if architecture.readout == "deep":
        r = "r"
        steps += [("MatMul", [h, "W_hr"], ["h_W_hr"], {}), ("Add", ["h_W_hr", "b_r"], ["a"], {})]
        steps += [("Relu", ["a"], ["relu"], {}), ("Add", [h, "relu"], [r], {})]
    steps += [("MatMul", [r, "W_hy"], ["r_W_hy"], {}), ("Add", ["r_W_hy", "b_y"], ["logits"], {})]
    steps.append(("Concat", after, ["next_state"], {"axis": 0}))
    constants |= {name: p[name] for name in readout.shapes(H, V, architecture.readout)}

    def shaped(name: str, *shape: int | str, kind: int = TensorProto.FLOAT) -> Any:
        return helper.make_tensor_value_info(name, kind, shape)

    graph = helper.make_graph(
        [helper.make_node(kind, inputs, outputs, **attributes) for kind, inputs, outputs, attributes in steps],
        "charrnn",
        [shaped("ids", "T", "B", kind=TensorProto.INT64), shaped("state", S, "B", H)],
        [shaped("logits", "T", "B", V), shaped("next_state", S, "B", H)],
        [numpy_helper.from_array(_in_onnx_type(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, producer_name="charrnn", ir_version=IR, opset_imports=opsets)
    helper.set_model_props(model, dict(metadata))
    return bytes(model.SerializeToString())


def _weights(w: Mapping[str, Array], cell: str) -> list[Array]:
    """W (1, G H, inputs), R (1, G H, H) and both biases, (1, 2 G H), of a layer."""
    H, order = w["W_hh"].shape[-1], ORDER[cell]

    def blocks(array: Array) -> Array:
        return array.reshape(len(order), -1, H)[order].swapaxes(1, 2).reshape(1, len(order) * H, -1)

    b_x = w["b_xh"] if "b_xh" in w else w["b_h"]
    b_h = w.get("b_hh", np.zeros_like(b_x))
    return [blocks(w["W_xh"]), blocks(w["W_hh"]), np.concatenate([blocks(b)[..., 0] for b in (b_x, b_h)], axis=1)]


def _in_onnx_type(value: Array) -> Array:
    return np.ascontiguousarray(value, np.float32 if value.dtype.kind == "f" else np.int64)
