"""An exported ONNX graph in ONNX Runtime beside charrnn: the largest difference, for each cell and option."""

import numpy as np
import onnxruntime

import charrnn
from charrnn.models.onnx_graph import onnx_model
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network

V, H, T, B = 65, 256, 100, 3
CELLS = {"rnn": "tanh", "rnn sigmoid": "sigmoid", "rnn relu": "relu", "gru": "tanh", "lstm": "tanh"}
OPTIONS = {"one layer": {}, "two layers": {"num_layers": 2}, "deep readout": {"readout": "deep"}, "no bias": {"bias": False}}  # fmt: skip


def run(rounds: int) -> None:
    """Largest differences of a logit over 100 steps of 3 streams from a carried state, 256 units; of trained bases, too."""
    print(f"| cell | {' | '.join(OPTIONS)} |\n|---|{'---|' * len(OPTIONS)}")
    for cell, nonlinearity in CELLS.items():
        shown = []
        for options in OPTIONS.values():
            generator = np.random.default_rng(0)
            network = Network.fresh(Architecture(V, H, cell.split()[0], nonlinearity, **options), generator)
            scale = 0.01 if nonlinearity == "relu" else 0.05
            for name, view in network.parameters.items():
                if name not in network.architecture.held_biases():
                    view += generator.normal(0, scale, view.shape)
            shown.append(f"{_difference(network, generator)[0]:.1e}")
        print(f"| {cell} | {' | '.join(shown)} |", flush=True)
    network = charrnn.load("builtin:english").saved.network
    difference, largest = _difference(network, np.random.default_rng(0))
    print(
        f"builtin:english: {difference:.1e}, where the largest logit is {largest:.0f}: {difference / largest:.1e} of it"
    )


def _difference(network: Network, generator: np.random.Generator) -> tuple[float, float]:
    """The largest difference of a logit, and the largest logit."""
    ids = generator.integers(0, network.architecture.vocab_size, (2 * T, B))
    ws, state = network.workspace(T, B), network.zero_state(B)
    network.logits(ids[:T], state, ws)
    state = ws.state
    network.logits(ids[T:], state, ws)
    logits, _ = onnxruntime.InferenceSession(onnx_model(network, {})).run(None, {"ids": ids[T:], "state": state})
    return float(np.abs(logits - ws.logits).max()), float(np.abs(ws.logits).max())
