"""Each property holds for every kind of network, and fails for a network that is broken in that way."""

from dataclasses import replace

import numpy as np
import pytest

from charrnn.diagnostics.gradcheck.case import small_case
from charrnn.diagnostics.gradcheck.properties import PROPERTIES, check_properties
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.cells.rnn import RNN
from charrnn.network.network import Network
from charrnn.network.stepper import Stepper


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_every_property_holds(cell, num_layers, seed):
    found = list(check_properties(small_case(Architecture(7, 5, cell, num_layers=num_layers), seed)))
    assert [check.name for check in found] == list(PROPERTIES)
    assert all(check.passed for check in found), [check for check in found if not check.passed]


@pytest.mark.parametrize("nonlinearity", ["sigmoid", "relu"])
def test_every_property_holds_for_other_nonlinearities(nonlinearity):
    found = list(check_properties(small_case(Architecture(7, 5, nonlinearity=nonlinearity), 0)))
    assert all(check.passed for check in found), [check for check in found if not check.passed]


def failing(case):
    return {check.name.split(":")[0] for check in check_properties(case) if not check.passed}


@pytest.fixture
def case():
    return small_case(Architecture(7, 5), 0)


def test_a_model_that_sees_the_future_is_not_causal(case, monkeypatch):
    """minGRU-pytorch#3: a loss of 0.003 that was too good to be true."""
    right = Network.logits

    def sees_the_next_character(self, inputs, state, ws):
        right(self, np.roll(inputs, -1, axis=0), state, ws)

    monkeypatch.setattr(Network, "logits", sees_the_next_character)
    assert "causality" in failing(case)


def test_a_recurrence_that_does_nothing_is_seen(case, monkeypatch):
    """makemore PR#3: the recurrence did nothing, and it trained fine."""

    def forward(self, w, ws, times=None):
        return lambda t: self.φ.apply(ws.h[t + 1], ws.h[t + 1])

    monkeypatch.setattr(RNN, "forward", forward)
    assert failing(case) >= {"recurrence used", "carried state used"}


def test_a_state_that_is_not_handed_on_is_seen(case, monkeypatch):
    right = Network.logits
    monkeypatch.setattr(Network, "logits", lambda self, inputs, state, ws: right(self, inputs, 0 * state, ws))
    assert failing(case) >= {"carried state used", "a window equals two halves", "one step at a time equals a window"}


def test_a_cell_state_that_is_lost_between_windows_is_seen(monkeypatch):
    right = Stepper.__call__

    def forgetful(self, ids):
        self._now.before[1].fill(0)
        return right(self, ids)

    monkeypatch.setattr(Stepper, "__call__", forgetful)
    assert failing(small_case(Architecture(7, 5, "lstm"), 0)) == {"one step at a time equals a window"}


def test_streams_that_leak_into_each_other_are_seen(case, monkeypatch):
    right = Network.logits

    def leak(self, inputs, state, ws):
        state = state.copy()
        state[:, 0] += state[:, 1]
        right(self, inputs, state, ws)

    monkeypatch.setattr(Network, "logits", leak)
    assert "a permutation of the streams permutes the result" in failing(case)


def test_a_gradient_that_is_cut_too_early_is_seen(case, monkeypatch):
    right = Network.backward

    def forgets_the_first_step(self, count, ws, gradient, options):
        dstate = right(self, count, ws, gradient, options)
        if options.loss_steps is not None and options.loss_steps < len(ws.inputs):
            gradient["W_xh"][:] *= 0.99
        return dstate

    monkeypatch.setattr(Network, "backward", forgets_the_first_step)
    assert failing(case) == {"truncated equals full gradient when nothing is cut"}


def test_a_fresh_network_with_opinions_is_seen(case, monkeypatch):
    right = Network.fresh.__func__

    def opinionated(cls, architecture, generator, dtype=np.float32):
        network = right(cls, architecture, generator, dtype)
        network.parameters["b_y"][0] = 5
        return network

    monkeypatch.setattr(Network, "fresh", classmethod(opinionated))
    assert failing(replace(case)) == {"the loss of a fresh network is near ln V"}
