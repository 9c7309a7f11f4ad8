"""The average of the weights is validated and saved; the weights learn as though there were no average."""

from contextlib import suppress

import numpy as np
import pytest
from training.test_trainer import TEXT, losses, make

from charrnn.training.events import Evaluated, Finished
from charrnn.training.optim.ema import WeightEMA
from charrnn.training.optim.freezing import FrozenParameters
from charrnn.training.surprisal import mean_loss


def averaging(trainer, decay=0.8):
    trainer.ema = WeightEMA(trainer.network, decay)
    return trainer


def test_it_is_the_moving_average_of_the_weights_after_each_update():
    trainer = averaging(make())
    expected, events = trainer.network.parameters.flat.copy(), trainer.train(30)
    for n in range(1, 31):
        next(events)
        d = min(0.8, n / (n + 9))
        expected = d * expected + (1 - d) * trainer.network.parameters.flat
        np.testing.assert_allclose(trainer.ema.flat, expected, rtol=1e-12)
    assert trainer.result.parameters.flat is trainer.ema.flat
    assert np.abs(trainer.ema.flat - trainer.network.parameters.flat).max() > 1e-3


def test_after_the_beginning_the_decay_is_the_one_asked_for():
    network = make().network
    average, w = WeightEMA(network, 0.5), network.parameters.flat.copy()
    average.update(w + 1, updates=1_000)
    np.testing.assert_allclose(average.flat, w + 0.5)
    average.update(w + 1, updates=1)
    np.testing.assert_allclose(average.flat, w + 0.95)


def test_the_weights_learn_as_though_there_were_no_average():
    assert losses(averaging(make(valid=TEXT[:60])), 20) == losses(make(valid=TEXT[:60]), 20)


def test_without_an_average_the_result_is_the_network():
    trainer = make()
    assert trainer.result is trainer.network


@pytest.mark.parametrize("threads", [1, 3])
def test_the_validation_is_of_the_average_and_leaves_the_weights_to_the_bit(threads):
    trainer = averaging(make(valid=TEXT[:90], threads=threads, eval_every=10))
    events = [event for event in trainer.train(10) if not isinstance(event, Finished)]
    assert isinstance(events[-1], Evaluated)
    assert events[-1].loss == pytest.approx(mean_loss(trainer.result, trainer.valid), rel=1e-12)
    assert events[-1].loss != pytest.approx(mean_loss(trainer.network, trainer.valid), rel=1e-4)


def test_a_validation_that_is_broken_off_leaves_the_weights_too():
    trainer = averaging(make())
    losses(trainer, 3)
    w = trainer.network.parameters.flat
    before = w.copy()
    with suppress(KeyboardInterrupt), trainer.ema.swapped_in(w):
        assert (w == trainer.ema.flat).all()
        raise KeyboardInterrupt
    assert w.tobytes() == before.tobytes()


def test_frozen_weights_are_bit_identical_in_the_average():
    trainer = averaging(make(dtype=np.float32), decay=0.7)
    trainer.frozen = FrozenParameters.from_network(trainer.network, ["layer1"])
    before = trainer.network.parameters["W_hh"].tobytes()
    losses(trainer, 12)
    assert trainer.result.parameters["W_hh"].tobytes() == before
