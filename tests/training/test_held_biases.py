"""In a network without biases, the biases start at exactly 0 and stay there, and do not count in a norm."""

from dataclasses import replace

import numpy as np
import pytest

from charrnn.models.mixture import dynamic_scorer
from charrnn.models.mixture.dynamic_scorer import DynamicScorer
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.text.windows import Windows
from charrnn.training.events import Stepped
from charrnn.training.optim.clipping import Clipping
from charrnn.training.optim.ema import WeightEMA
from charrnn.training.optim.freezing import FrozenParameters
from charrnn.training.optim.optimizers import OPTIMIZERS
from charrnn.training.optim.schedules import Schedule
from charrnn.training.trainer import Trainer

V, H, B, T = 11, 6, 4, 5
KINDS = [Architecture(V, H, cell, num_layers=2, readout="deep", bias=False) for cell in CELLS]


def make(architecture, optimizer="adam", clipping=None, weight_decay=0.0, threads=1, accumulate=1, freeze=()):
    network = Network.fresh(architecture, np.random.default_rng(0))
    ids = np.random.default_rng(1).integers(0, V, 400).astype(np.uint8)
    return Trainer(
        network=network,
        windows=Windows(ids, B, T),
        state=network.zero_state(B),
        valid=ids[:0],
        optimizer=OPTIMIZERS[optimizer](network.parameters.flat, weight_decay),
        schedule=Schedule("constant", 0.01, 100),
        clipping=clipping or Clipping(0.5, 0.1),
        eval_every=100,
        threads=threads,
        accumulate=accumulate,
        ema=WeightEMA(network, 0.9),
        frozen=FrozenParameters.from_network(network, freeze),
    )


def first_step(trainer):
    return next(event for event in trainer.train(1) if isinstance(event, Stepped))


def require_held(network, before):
    """Every bias is 0 to the bit, and every weight has moved."""
    for name, view in network.parameters.items():
        if name.startswith("b"):
            assert view.tobytes() == bytes(view.nbytes), name
        else:
            assert (view != before.parameters[name]).any(), name


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("architecture", KINDS, ids=lambda kind: kind.cell)
def test_biases_stay_at_0_and_all_else_learns(architecture, optimizer):
    trainer = make(architecture, optimizer, weight_decay=0.1)
    before = trainer.network.astype(np.float32)
    list(trainer.train(7))
    require_held(trainer.network, before)
    require_held(trainer.ema.network, before)
    for moment in trainer.optimizer.moments.values():
        for name in architecture.held_biases():
            assert not moment[trainer.network.parameters.place(name)].any()


@pytest.mark.parametrize(("threads", "accumulate"), [(2, 1), (1, 2)])
def test_held_biases_stay_0_with_several_cores_and_ranks(threads, accumulate):
    trainer = make(KINDS[2], threads=threads, accumulate=accumulate)
    before = trainer.network.astype(np.float32)
    list(trainer.train(3))
    require_held(trainer.network, before)


def test_held_biases_stay_0_beside_frozen_parts():
    trainer = make(KINDS[1], freeze=["layer1"])
    before = trainer.network.astype(np.float32)
    list(trainer.train(3))
    moved = {name for name, view in trainer.network.parameters.items() if (view != before.parameters[name]).any()}
    assert moved == {"W_xh_2", "W_hh_2", "W_hr", "W_hy"}


@pytest.mark.parametrize("architecture", KINDS, ids=lambda kind: kind.cell)
def test_the_weights_learn_as_though_biases_of_0_had_no_gradient(architecture):
    """Of plain gradient descent, the first update without clipping is that of a network with biases that are 0; and the norm is that
    of the weights' gradients.
    """
    held, free = make(architecture, "sgd", Clipping()), make(replace(architecture, bias=True), "sgd", Clipping())
    free.network.parameters.flat[:] = held.network.parameters.flat
    before = held.network.astype(np.float32)
    step, whole = first_step(held), first_step(free)
    assert step.loss == whole.loss
    assert step.grad_norm < whole.grad_norm
    square = 0.0
    for name, view in held.network.parameters.items():
        if name.startswith("W"):
            np.testing.assert_array_equal(view, free.network.parameters[name])
            square += float((((view - before.parameters[name]) / 0.01) ** 2).sum())
    assert step.grad_norm == pytest.approx(np.sqrt(square), rel=1e-3)


@pytest.mark.parametrize("architecture", KINDS, ids=lambda kind: kind.cell)
def test_held_biases_stay_0_in_dynamic_evaluation(architecture, monkeypatch):
    """And the bound is on the norm of what follows it: of a gradient that is cut, the weights have the whole length."""
    monkeypatch.setattr(dynamic_scorer, "MAX_GRAD_NORM", 1e-3)
    network = Network.fresh(architecture, np.random.default_rng(0), np.float64)
    scorer = DynamicScorer(network, 0.5)
    scorer.score(np.random.default_rng(1).integers(0, V, (1, dynamic_scorer.UPDATE_WINDOW + 1)).astype(np.uint8))
    require_held(scorer._network, network)
    moved = np.linalg.norm(scorer._network.parameters.flat - network.parameters.flat)
    assert moved == pytest.approx(0.5 * 1e-3, rel=1e-9)
