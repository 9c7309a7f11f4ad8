"""Descent by D3's rules: those of `training.optimizer=sgd`, and D1's clipping: that of `training.max_grad_norm`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from charrnn.derivations.case import Case
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.equation import flat
from charrnn.derivations.functions import IDENTITY
from charrnn.derivations.tasks.descent import descend, gradients, norm, update
from charrnn.training.optim.clipping import Clipping
from charrnn.training.optim.optimizers import OPTIMIZERS

TRAINED = [name for name in SYSTEMS if name != "vanishing"]  # which has no loss of its own
CASE = Case(T=3, D=4)


def random_system(name, seed=0):
    return SYSTEMS[name].make(CASE, np.random.default_rng(seed))


def same_data(n, system):
    return system


def parameters(system):
    return flat(getattr(system, name) for name in system.PARAMETERS)


@pytest.mark.parametrize("bound", [None, 0.5, 1e6])
@pytest.mark.parametrize("name", TRAINED)
def test_the_rules_are_those_of_sgd(name, bound):
    start, α, updates = random_system(name), 0.1, 5
    weights, sgd, clip = parameters(start), OPTIMIZERS["sgd"](parameters(start)), Clipping(max_grad_norm=bound)
    system, norms, shortened = start, [], []
    for _ in range(updates):
        gradient = flat(gradients(system).values())
        length, was_clipped = clip(gradient)
        norms.append(length)
        shortened.append(was_clipped)
        sgd.update(weights, gradient, α)
        parts = np.split(weights, np.cumsum([np.size(getattr(system, each)) for each in system.PARAMETERS])[:-1])
        shaped = {n: p.reshape(np.shape(getattr(system, n))) for n, p in zip(system.PARAMETERS, parts, strict=True)}
        system = replace(system, **shaped)
    found = descend(start, same_data, updates, α, bound)
    np.testing.assert_allclose(parameters(found.system), weights, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found.norms, norms, rtol=1e-12)
    assert found.clipped == sum(shortened)
    assert found.updates == updates
    assert not found.diverged


def test_the_clipped_updates_are_counted():
    found = descend(random_system("vector"), same_data, 5, 0.1, 0.5)
    assert found.clipped == 5
    free = descend(random_system("vector"), same_data, 5, 0.1)
    assert free.clipped == 0
    at_its_norm = descend(random_system("vector"), same_data, 1, 0.1, free.norms[0])
    assert at_its_norm.clipped == 0


def test_an_update_is_that_of_the_document():
    rnn = random_system("update-rules")
    found, document = update(rnn, gradients(rnn), 0.1), rnn.update(0.1)
    for name in rnn.PARAMETERS:
        np.testing.assert_array_equal(getattr(found, name), getattr(document, name))


def test_the_norm_is_of_all_gradients_together():
    assert norm({"U": np.array([[3.0]]), "W": np.array(4.0)}) == 5.0


def test_losses_are_those_before_each_update_on_its_data():
    systems = [random_system("vector", seed) for seed in range(3)]

    def batch(n, system):
        return replace(system, x=systems[n].x, y=systems[n].y)

    found = descend(systems[0], batch, 3, 0.1)
    assert found.losses[0] == systems[0].loss()
    one = update(systems[0], gradients(systems[0]), 0.1)
    assert found.losses[1] == batch(1, one).loss()
    assert found.norms[1] == norm(gradients(batch(1, one)))


@pytest.mark.filterwarnings("error")
def test_descent_stops_at_a_loss_that_is_not_finite():
    start = replace(random_system("mean-loss"), φ_h=IDENTITY, w_h=1e200 * random_system("mean-loss").w_h)
    found = descend(start, same_data, 4, 0.1)
    assert found.diverged
    assert found.updates == 0
    assert len(found.losses) == len(found.norms) == 1
    assert found.system is start
    clipped = descend(start, same_data, 4, 0.1, 1.0)
    assert clipped.diverged
    assert clipped.clipped == 0


@dataclass(frozen=True)
class Square:
    """w² / 2, whose gradient is w; `loss_of` and `gradient_of` may say otherwise."""

    w: float
    loss_of: Callable[[float], float] = lambda w: w**2 / 2
    gradient_of: Callable[[float], float] = lambda w: w
    PARAMETERS: ClassVar = ("w",)

    def loss(self):
        return self.loss_of(self.w)

    def gradient(self, parameter):
        return np.asarray(self.gradient_of(self.w))


@pytest.mark.parametrize("wrong", [np.inf, np.nan])
@pytest.mark.parametrize("field", ["loss_of", "gradient_of"])
def test_descent_stops_if_the_loss_or_its_gradient_is_not_finite(field, wrong):
    """At w = 2 both are numbers; at 1, after an update, one is none."""
    start = Square(2.0)
    held = getattr(start, field)
    start = replace(start, **{field: lambda w: held(w) if w > 1 else wrong})
    found = descend(start, same_data, 4, 0.5)
    assert found.diverged
    assert found.updates == 1
    assert found.system.w == 1.0


def test_each_norm_is_compared_with_the_bound():
    """2, 1.65 and 1.3: two above 1.4, and one below."""
    found = descend(Square(2.0), same_data, 3, 0.25, 1.4)
    np.testing.assert_allclose(found.norms, [2, 1.65, 1.3])
    assert found.clipped == 2
