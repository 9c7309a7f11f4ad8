"""An exported ONNX graph in ONNX Runtime, where it is installed: the same logits and states as charrnn's."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from refusals import refused
from tiny import trained

import charrnn as package
from charrnn.errors import NetworkError
from charrnn.models import onnx_graph
from charrnn.models.onnx_graph import onnx_model
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.system.optional_libraries import install_command

onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install '.[onnx]'")
runtime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: pip install onnxruntime")
pytestmark = pytest.mark.peers

V, H, T, B = 11, 24, 100, 3
KINDS = {
    "rnn sigmoid": {"nonlinearity": "sigmoid"},
    "rnn relu": {"nonlinearity": "relu"},
    **{cell: {"cell": cell} for cell in CELLS},
}
OPTIONS = {
    "plain": {},
    "two layers": {"num_layers": 2},
    "three layers, deep readout": {"num_layers": 3, "readout": "deep"},
    "no bias": {"bias": False},
}


def make(cell, option):
    generator = np.random.default_rng(0)
    network = Network.fresh(Architecture(V, H, **KINDS[cell], **OPTIONS[option]), generator)
    held = network.architecture.held_biases()
    for name, view in network.parameters.items():
        if name not in held:
            view += generator.normal(0, 0.02 if cell == "rnn relu" else 0.2, view.shape)
    return network


def charrnns(network, ids, state):
    ws = network.workspace(*ids.shape)
    network.logits(ids, state, ws)
    return ws.logits.copy(), ws.state


def difference(network, session, ids, state):
    """The largest difference of a logit or of a state, all steps at once."""
    found = session.run(["logits", "next_state"], {"ids": ids, "state": state.astype(np.float32)})
    return max(np.abs(ours - theirs).max() for ours, theirs in zip(charrnns(network, ids, state), found, strict=True))


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("option", OPTIONS)
def test_the_graph_is_the_network(cell, option):
    network, generator = make(cell, option), np.random.default_rng(1)
    data = onnx_model(network, {"vocabulary": "[]"})
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    session = runtime.InferenceSession(data)
    ids = generator.integers(0, V, (T, B))
    state = generator.uniform(-0.9, 0.9, network.architecture.state_shape(B)).astype(np.float32)
    assert difference(network, session, ids, state) < 1e-5
    whole, end = session.run(None, {"ids": ids, "state": state})
    for t in range(T):  # the state of each step carried to the next
        logits, state = session.run(None, {"ids": ids[t : t + 1], "state": state})
        np.testing.assert_allclose(logits[0], whole[t], atol=2e-6)
    np.testing.assert_allclose(state, end, atol=2e-6)


def test_the_graph_of_a_large_network_is_as_near_to_float64_as_charrnn():
    """Logits reach 47, where neighbours in float32 are 4e-6 apart: 1e-5 is asked of the largest, not of every one."""
    network, generator = package.load("builtin:english").saved.network, np.random.default_rng(0)
    session = runtime.InferenceSession(onnx_model(network, {}))
    ids = generator.integers(0, network.architecture.vocab_size, (T, B))
    _, state = charrnns(network, ids, network.zero_state(B))
    exact, _ = charrnns(network.astype(np.float64), ids, state.astype(np.float64))
    for logits in (charrnns(network, ids, state)[0], session.run(["logits"], {"ids": ids, "state": state})[0]):
        assert np.abs(logits - exact).max() < 1e-6 * np.abs(exact).max()


@pytest.mark.parametrize("shape", [(1, 1), (1, 64), (7, 1), (0, 2)])
def test_steps_and_streams_are_free(shape):
    network = make("lstm", "two layers")
    session = runtime.InferenceSession(onnx_model(network, {}))
    state = network.zero_state(shape[1])
    logits, after = session.run(None, {"ids": np.ones(shape, np.int64), "state": state})
    assert logits.shape == (*shape, V)
    assert after.shape == state.shape


@pytest.mark.parametrize("settings", [[r"data.boundary=\n"], ["data.unit=byte", "model.cell=lstm"], ["training.precision=float64", "model.cell=gru"], ["data.min_count=40", "model.bias=false"]])  # fmt: skip
def test_an_exported_run(charrnn, tmp_path, text_file, settings):
    run = trained(tmp_path / "run", text_file, *settings)
    assert charrnn("export", run, "--to", "onnx").stdout == "run.onnx\n"
    model, session = package.load(run), runtime.InferenceSession("run.onnx")
    saved = model.saved
    assert difference(saved.network, session, np.random.default_rng(0).integers(0, len(saved.vocabulary), (T, B)), saved.network.zero_state(B)) < 1e-5  # fmt: skip
    metadata = session.get_modelmeta().custom_metadata_map
    assert tuple(json.loads(metadata["vocabulary"])) == saved.vocabulary.symbols
    assert json.loads(metadata["config"]) == json.loads(saved.config.model_dump_json())
    assert [each.name for each in session.get_inputs()] == ["ids", "state"]


def test_weights_alone_and_a_model_in_python(charrnn, weights_alone):
    assert charrnn("export", weights_alone, "--to", "onnx", "-o", "a.onnx").exit_code == 0
    assert package.export(package.load(weights_alone), "b.onnx", to="onnx").read_bytes() == Path("a.onnx").read_bytes()
    done = charrnn("export", weights_alone, "--to", "onnx")
    assert done.stdout == "cat.onnx\n"


def test_what_cannot_be_written(charrnn, tiny_run, monkeypatch):
    wrong = "a.safetensors: export to onnx writes an ONNX file; name it a.onnx"
    refused(charrnn("export", tiny_run, "--to", "onnx", "-o", "a.safetensors"), 1, wrong)
    refused(charrnn("export", tiny_run, "--to", "onnx", "--half"), 2, "--half is for --to charrnn")
    monkeypatch.setattr(onnx_graph, "MAX_BYTES", 1000)
    with pytest.raises(NetworkError, match=r"an ONNX file has at most 2 GB; this network has [\d,]+ parameters"):
        onnx_model(make("rnn", "plain"), {})
    monkeypatch.setitem(sys.modules, "onnx", None)
    refused(charrnn("export", tiny_run, "--to", "onnx"), 1, f"export to onnx needs onnx: {install_command('onnx')}")
    assert not [*Path().iterdir()]
