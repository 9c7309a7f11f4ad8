"""Beside PyTorch, where it is installed: the same logits, losses, gradients and updates."""

import numpy as np
import pytest
import safetensors

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import NetworkError
from charrnn.models.export import torch_tensors
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.network.window_options import WindowOptions
from charrnn.training.optim.optimizers import OPTIMIZERS

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch==2.13.0")
pytestmark = pytest.mark.peers

V, H, T, B = 11, 8, 9, 4
KINDS = [("rnn", "relu"), *((cell, "tanh") for cell in CELLS)]


def make(cell, nonlinearity, num_layers, dtype, readout="linear"):
    generator = np.random.default_rng(0)
    architecture = Architecture(V, H, cell, nonlinearity, num_layers, readout=readout)
    network = Network.fresh(architecture, generator, dtype)
    network.parameters.flat[:] += generator.normal(0, 0.2, len(network.parameters))
    ids = generator.integers(0, V, (T + 1, B))
    state = generator.uniform(-0.9, 0.9, network.architecture.state_shape(B)).astype(dtype)
    return network, ids[:-1], ids[1:], state


class Model(torch.nn.Module):
    """What a user of the exported weights would write."""

    def __init__(self, cell, nonlinearity, num_layers, vocab_size=V, hidden_size=H, readout="linear"):
        super().__init__()
        kind = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
        options = {"nonlinearity": nonlinearity} if cell == "rnn" else {}
        self.rnn = kind(vocab_size, hidden_size, num_layers, **options)
        self.readout = torch.nn.Linear(hidden_size, vocab_size)
        if readout == "deep":
            self.deep = torch.nn.Linear(hidden_size, hidden_size)

    def forward(self, ids, state=None):
        x = torch.nn.functional.one_hot(torch.as_tensor(ids), self.rnn.input_size).to(self.readout.weight.dtype)
        h, _ = self.rnn(x, state)
        if hasattr(self, "deep"):
            h = h + torch.relu(self.deep(h))
        return self.readout(h)


def load(model, tensors, dtype):
    model.to(getattr(torch, np.dtype(dtype).name))
    model.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
    return model


def torch_state(state, cell):
    """(S, B, H) as PyTorch has it: h of every layer, and for the lstm beside it c of every layer."""
    if cell != "lstm":
        return torch.from_numpy(state)
    return torch.from_numpy(np.ascontiguousarray(state[0::2])), torch.from_numpy(np.ascontiguousarray(state[1::2]))


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-10)])
@pytest.mark.parametrize("readout", ["linear", "deep"])
@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_exported_weights_give_pytorchs_logits_loss_and_gradients(
    cell, nonlinearity, num_layers, readout, dtype, tolerance
):
    network, inputs, targets, state = make(cell, nonlinearity, num_layers, dtype, readout)
    model = load(Model(cell, nonlinearity, num_layers, readout=readout), torch_tensors(network), dtype)
    logits = model(inputs, torch_state(state, cell))
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, V), torch.as_tensor(targets.reshape(-1)))
    loss.backward()

    ws, gradient = network.workspace(T, B), network.parameters.zeros_like()
    network.logits(inputs, state, ws)
    np.testing.assert_allclose(ws.logits, logits.detach().numpy(), rtol=tolerance, atol=tolerance)
    ours = network.forward(inputs, targets, state, ws) / (T * B)
    assert ours == pytest.approx(loss.item(), rel=tolerance)
    network.backward(T * B, ws, gradient)
    # The gradient has the weights' layout, so the export turns it into PyTorch's.
    for name, found in torch_tensors(Network(network.architecture, gradient)).items():
        if cell != "gru" and "bias_hh" in name:
            continue  # our one bias: PyTorch's two have the same gradient
        expected = dict(model.named_parameters())[name].grad.numpy()
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance, err_msg=name)


def test_smoothed_labels_are_pytorchs():
    network, inputs, targets, state = make("gru", "tanh", 1, np.float64)
    model = load(Model("gru", "tanh", 1), torch_tensors(network), np.float64)
    logits, of = model(inputs, torch_state(state, "gru")), torch.as_tensor(targets.reshape(-1))
    smoothed = WindowOptions(smoothing=0.1)
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, V), of, label_smoothing=0.1)
    loss.backward()

    ws, gradient = network.workspace(T, B), network.parameters.zeros_like()
    ours = network.forward(inputs, targets, state, ws, smoothed) / (T * B)
    assert ours == pytest.approx(loss.item(), rel=1e-10)
    network.backward(T * B, ws, gradient, smoothed)
    expected = model.rnn.weight_hh_l0.grad.numpy()
    np.testing.assert_allclose(
        torch_tensors(Network(network.architecture, gradient))["rnn.weight_hh_l0"], expected, rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("cell", CELLS)
def test_a_trained_run_goes_to_pytorch_with_its_vocabulary(cell, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat. a dog ran.\nwhy?\n" * 30, "utf-8")
    settings = [
        f"model.cell={cell}",
        "model.hidden_size=12",
        "model.num_layers=2",
        "training.steps=20",
        "training.batch_size=4",
    ]
    run = api.start(api.plan([str(text)], resolve(None, settings).config), tmp_path / "run")
    list(run.events())
    api.export(run.path, tmp_path / "weights.safetensors", "torch", "last")
    with safetensors.safe_open(tmp_path / "weights.safetensors", framework="pt") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    import json

    symbols = json.loads(metadata["vocabulary"])
    assert json.loads(metadata["config"])["model"]["cell"] == cell
    model = Model(cell, "tanh", 2, len(symbols), 12)
    model.load_state_dict(tensors)
    ids = np.array([[symbols.index(character)] for character in "the cat sat"])
    ws = run.trainer.network.workspace(len(ids), 1)
    run.trainer.network.logits(ids, run.trainer.network.zero_state(1), ws)
    np.testing.assert_allclose(ws.logits, model(ids).detach().numpy(), atol=1e-5)


def test_pytorch_has_no_sigmoid_rnn():
    with pytest.raises(NetworkError, match="tanh and relu only"):
        torch_tensors(make("rnn", "sigmoid", 1, np.float32)[0])


TORCH = {
    "sgd": lambda w, rate, decay: torch.optim.SGD(w, rate, weight_decay=decay),
    "momentum": lambda w, rate, decay: torch.optim.SGD(w, rate, momentum=0.9, weight_decay=decay),
    "adagrad": lambda w, rate, decay: torch.optim.Adagrad(w, rate, weight_decay=decay),
    "rmsprop": lambda w, rate, decay: torch.optim.RMSprop(w, rate, weight_decay=decay),
    "adam": lambda w, rate, decay: torch.optim.Adam(w, rate, weight_decay=decay),
    "adamw": lambda w, rate, decay: torch.optim.AdamW(w, rate, weight_decay=decay),
}


@pytest.mark.parametrize("decay", [0.0, 0.01])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_updates_equal_pytorchs(name, dtype, decay):
    """With a learning rate that changes on the way, as a schedule changes it."""
    generator = np.random.default_rng(0)
    w = generator.normal(size=50).astype(dtype)
    theirs = torch.nn.Parameter(torch.from_numpy(w.copy()))
    peer, ours = TORCH[name]([theirs], 0.01, decay), OPTIMIZERS[name](w, decay)
    for update in range(20):
        g = generator.normal(size=50).astype(dtype)
        rate = 0.01 / (1 + update // 5)
        peer.param_groups[0]["lr"] = rate
        theirs.grad = torch.from_numpy(g.copy())
        peer.step()
        ours.update(w, g, rate)
        np.testing.assert_allclose(w, theirs.detach().numpy(), rtol=1e-6, atol=1e-6)
