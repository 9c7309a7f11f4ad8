"""Frozen weights stay bit-identical and do not count in clipping."""

import numpy as np
import pytest

from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.text.windows import Windows
from charrnn.training.events import Stepped
from charrnn.training.optim.clipping import Clipping, global_norm
from charrnn.training.optim.freezing import FrozenParameters
from charrnn.training.optim.optimizers import OPTIMIZERS
from charrnn.training.optim.schedules import Schedule
from charrnn.training.trainer import Trainer

V, H, B, T = 11, 6, 3, 5


def make(frozen, optimizer="adam", cell="gru", clipping=None, weight_decay=0.0, threads=1):
    network = Network.fresh(Architecture(V, H, cell, num_layers=2), np.random.default_rng(0))
    ids = np.random.default_rng(1).integers(0, V, 200).astype(np.uint8)
    return Trainer(
        network=network,
        windows=Windows(ids, B, T),
        state=network.zero_state(B),
        valid=ids[:0],
        optimizer=OPTIMIZERS[optimizer](network.parameters.flat, weight_decay),
        schedule=Schedule("constant", 0.01, 100),
        clipping=clipping or Clipping(0.5),
        eval_every=100,
        threads=threads,
        frozen=FrozenParameters.from_network(network, frozen),
    )


def weights(trainer):
    return {name: view.copy() for name, view in trainer.network.parameters.items()}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("frozen", [["layer1"], ["layer2", "readout"], ["readout"], ["layer1", "layer2"]])
def test_frozen_weights_stay_bit_identical_and_the_others_learn(optimizer, frozen):
    trainer = make(frozen, optimizer, weight_decay=0.1)
    before = weights(trainer)
    list(trainer.train(7))
    parts = trainer.network.architecture.parts()
    still = {name for part in frozen for name in parts[part]}
    for name, view in trainer.network.parameters.items():
        assert (view.tobytes() == before[name].tobytes()) == (name in still), name


@pytest.mark.parametrize("cell", CELLS)
def test_the_parts_of_a_network_are_all_its_parameters_each_once(cell):
    architecture = Architecture(V, H, cell, num_layers=3)
    parts = architecture.parts()
    assert list(parts) == ["layer1", "layer2", "layer3", "readout"]
    assert [name for names in parts.values() for name in names] == list(architecture.shapes())
    assert "W_xh" in parts["layer1"]
    assert parts["readout"] == ("W_hy", "b_y")


def test_the_norm_excludes_frozen_weights():
    whole, part = make([]), make(["layer1", "readout"])
    full = next(event for event in whole.train(1) if isinstance(event, Stepped))
    (step,) = (event for event in part.train(1) if isinstance(event, Stepped))
    assert step.loss == full.loss
    assert 0 < step.grad_norm < full.grad_norm
    gradient = np.arange(len(part.network.parameters), dtype=np.float32)
    names = part.network.architecture.parts()["layer2"]
    expected = np.concatenate([gradient[part.network.parameters.place(name)] for name in names])
    part.frozen.mask(gradient)
    assert global_norm(gradient) == pytest.approx(np.linalg.norm(expected), rel=1e-6)


def test_trained_weights_learn_as_though_the_rest_had_no_gradient():
    """By plain gradient descent without clipping, the first update of the trained parts equals that without freezing."""
    whole, part = (make(frozen, "sgd", clipping=Clipping()) for frozen in ([], ["layer2"]))
    list(whole.train(1)), list(part.train(1))
    for name in ("W_xh", "W_hh", "W_hy", "b_y"):
        np.testing.assert_array_equal(part.network.parameters[name], whole.network.parameters[name])


def test_frozen_weights_stay_with_several_threads():
    trainer = make(["layer1"], threads=2)
    before = weights(trainer)
    list(trainer.train(3))
    assert trainer.network.parameters["W_hh"].tobytes() == before["W_hh"].tobytes()
    assert trainer.network.parameters["W_hh_2"].tobytes() != before["W_hh_2"].tobytes()


def test_nothing_frozen_changes_nothing():
    gradient = np.ones(4)
    freezing = FrozenParameters()
    freezing.mask(gradient)
    with freezing.preserve(gradient):
        gradient *= 2
    assert gradient.tolist() == [2] * 4
