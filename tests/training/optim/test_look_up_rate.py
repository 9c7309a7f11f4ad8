"""The look-up learns at a rate of its own, and nothing else does."""

import numpy as np
import pytest

from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.text.windows import Windows
from charrnn.training.optim.clipping import Clipping
from charrnn.training.optim.freezing import FrozenParameters
from charrnn.training.optim.look_up_rate import LookUpRate
from charrnn.training.optim.optimizers import OPTIMIZERS
from charrnn.training.optim.schedules import Schedule
from charrnn.training.trainer import Trainer


def weights_after(factor, optimizer="adam", steps=1, frozen=()):
    network = Network.fresh(Architecture(11, 6, "gru", num_layers=2), np.random.default_rng(0), np.float64)
    ids = np.random.default_rng(1).integers(0, 11, 200).astype(np.uint8)
    trainer = Trainer(
        network=network,
        windows=Windows(ids, 3, 5),
        state=network.zero_state(3),
        valid=ids[:0],
        optimizer=OPTIMIZERS[optimizer](network.parameters.flat, weight_decay=0.1),
        schedule=Schedule("constant", 0.01, 100),
        clipping=Clipping(0.5),
        eval_every=100,
        frozen=FrozenParameters.from_network(network, frozen),
        look_up_rate=LookUpRate.from_network(network, factor),
    )
    before = {name: view.copy() for name, view in network.parameters.items()}
    list(trainer.train(steps))
    return before, network.parameters


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_moves_three_times_as_far_and_the_rest_as_before(optimizer):
    start, alike = weights_after(1.0, optimizer)
    _, faster = weights_after(3.0, optimizer)
    for name, before in start.items():
        moved = 3.0 if name == "W_xh" else 1.0
        np.testing.assert_allclose(faster[name] - before, moved * (alike[name] - before), rtol=1e-9, atol=1e-15)


def test_a_factor_of_one_changes_no_bit():
    _, without = weights_after(1.0, steps=5)
    assert LookUpRate.from_network(Network.fresh(Architecture(3, 4), np.random.default_rng(0)), 1).place is None
    assert without.flat.tobytes() == weights_after(1.0, steps=5)[1].flat.tobytes()


def test_a_frozen_look_up_stays():
    start, after = weights_after(5.0, steps=3, frozen=["layer1"])
    assert after["W_xh"].tobytes() == start["W_xh"].tobytes()
