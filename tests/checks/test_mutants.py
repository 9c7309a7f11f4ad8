"""Delete, negate or swap any statement of a backward, and gradcheck fails."""

import numpy as np
import pytest
from mutants import mutants, planted

from charrnn.checks.gradcheck import gradcheck, passed, small_case
from charrnn.network import activations, readout
from charrnn.network.cells import rnn
from charrnn.network.network import Architecture, Network

BACKWARDS = [
    rnn.backward,
    readout.backward,
    Network.backward,
    Network._look_up_backward,
    *(nonlinearity.slope for nonlinearity in activations.NONLINEARITIES.values()),
]
MUTANTS = [(function, name, code) for function in BACKWARDS for name, code in mutants(function)]


def caught() -> bool:
    """True where gradcheck fails, or cannot even run, for at least one nonlinearity."""
    try:
        with np.errstate(all="ignore"):
            return not all(
                passed(list(gradcheck(small_case(Architecture(7, 5, nonlinearity=name), 0), ["complex-step"])))
                for name in activations.NONLINEARITIES
            )
    except Exception:
        return True


def test_nothing_is_caught_while_nothing_is_broken():
    assert not caught()


def test_there_are_mutants_of_every_backward():
    assert {function for function, _, _ in MUTANTS} == set(BACKWARDS)
    assert len(MUTANTS) > 50


@pytest.mark.parametrize(("function", "name", "code"), MUTANTS, ids=[name for _, name, _ in MUTANTS])
def test_every_mutant_is_caught(function, name, code):
    with planted(function, code):
        assert caught(), f"survived: {name}"
    assert not caught()
