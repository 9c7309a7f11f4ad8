"""Gradcheck fails if any statement of a backward pass is deleted, negated or swapped."""

from inspect import getmodule, isfunction
from pathlib import Path

import numpy as np
import pytest
from mutants import mutants, planted
from slow import mostly_slow

from charrnn.diagnostics.gradcheck.case import random_window, small_case, with_resets
from charrnn.diagnostics.gradcheck.gradcheck import all_pass, gradcheck
from charrnn.network import activations, look_up, readout
from charrnn.network.architecture import CELLS, GATED, Architecture
from charrnn.network.cells.rnn import RNN
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.resets import Resets

RNNS = [small_case(Architecture(7, 5, nonlinearity=name), 0) for name in activations.NONLINEARITIES]
SPARSE = [  # more characters than the window holds
    random_window(Network.fresh(Architecture(30, 5), np.random.default_rng(0), np.float64), np.random.default_rng(0))
]
ONE_LAYER = [small_case(Architecture(7, 5, cell), 0) for cell in GATED]
STACKED = [small_case(Architecture(7, 5, cell, num_layers=2), 0) for cell in CELLS]
# Truncated with a stride, and with a dropout mask that is held.
STACKED += [case.with_options(loss_steps=2, dropout=Dropout(0.4, seed=1, step=1)) for case in STACKED]

# With a readout that has units of its own.
DEEP = [small_case(Architecture(7, 5, readout="deep"), seed) for seed in range(2)]
DEEP += [case.with_options(loss_steps=2, dropout=Dropout(0.4, seed=1, step=1)) for case in DEEP[:1]]

# With labels that are smoothed.
SMOOTHED = [case.with_options(loss_steps=2, smoothing=0.2) for case in (RNNS[0], DEEP[0])]

# Where documents begin within the window.
WITH_RESETS = [with_resets(case, 0) for case in (*RNNS[:1], *ONE_LAYER, *STACKED)]


def backward_functions(case):
    """The backward of a cell, and those of its module, which it calls."""
    kind = type(case.network.architecture.make_cell())
    return [kind.backward, *(each for each in vars(getmodule(kind)).values() if is_own(each, kind.__module__))]


def is_own(value, module):
    """Whether a value is a function of this module."""
    return isfunction(value) and value.__module__ == module


# Each function that has a part in a backward, and the kinds of network that are checked while it is broken.
BACKWARDS = {
    RNN.backward: [*RNNS, WITH_RESETS[0]],
    **{function: [case, with_resets(case, 0)] for case in ONE_LAYER for function in backward_functions(case)},
    readout.backward: [RNNS[0], *DEEP, *SMOOTHED],
    Network.backward: [*STACKED, *WITH_RESETS, *SMOOTHED],
    Network._layer_backward: [*STACKED, *WITH_RESETS],
    Resets.cut: WITH_RESETS,
    look_up.by_product: [*RNNS[:1], *SPARSE],
    look_up.by_character: [*RNNS[:1], *SPARSE],
    activations.TANH.slope: [*RNNS, *ONE_LAYER],
    activations.SIGMOID.slope: [*RNNS, *ONE_LAYER],
    activations.RELU.slope: [*RNNS, *DEEP],
}
MUTANTS = [(function, name, code) for function in BACKWARDS for name, code in mutants(function)]


def caught(cases) -> bool:
    """Whether gradcheck fails or raises for at least one kind, or `backward` reports values as final that are not."""
    try:
        with np.errstate(all="ignore"):
            right = all(all_pass(list(gradcheck(case, ["complex-step"]))) for case in cases)
            return not (right and all(map(reports_what_is_final, cases)))
    except Exception:
        return True


def reports_what_is_final(case) -> bool:
    """Layer after layer from the top, and nothing reported changes any more."""
    network, reports = case.network, []
    ws, gradient = case.workspace(network), network.parameters.zeros_like()
    network.forward(case.inputs, case.targets, case.state, ws, case.options)
    network.backward(
        case.count, ws, gradient, case.options, lambda index: reports.append((index, gradient.flat[index:].copy()))
    )
    layers = [network.parameters.place(names["W_xh"]).start for names in network.architecture.layer_names()]
    return [index for index, _ in reports] == layers[::-1] and all(
        (then == gradient.flat[i:]).all() for i, then in reports
    )


@pytest.mark.slow
def test_nothing_is_caught_while_nothing_is_broken(monkeypatch):
    assert not caught([*RNNS, *DEEP, *SMOOTHED, *ONE_LAYER, *STACKED, *SPARSE, *WITH_RESETS])
    monkeypatch.setattr(look_up, "MAX_PRODUCT", 0)
    assert not caught([RNNS[0], *ONE_LAYER, *SPARSE])


def test_there_are_mutants_of_every_backward():
    assert {function for function, _, _ in MUTANTS} == set(BACKWARDS)


@pytest.mark.parametrize(("file", "words"), [("README.md", "{} ways"), ("tests/README.md", "{0} of {0}")])
def test_the_documents_say_how_many_mutants_there_are(file, words):
    assert words.format(len(MUTANTS)) in (Path(__file__).parents[3] / file).read_text("utf-8")


@mostly_slow(("function", "name", "code"), MUTANTS, ids=[name for _, name, _ in MUTANTS], one_in=20, slow_in=3)
def test_every_mutant_is_caught(function, name, code, monkeypatch):
    if function is look_up.by_character:
        monkeypatch.setattr(look_up, "MAX_PRODUCT", 0)
    with planted(function, code):
        assert caught(BACKWARDS[function]), f"survived: {name}"
