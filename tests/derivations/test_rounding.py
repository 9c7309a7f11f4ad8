"""The bound on rounding errors grows with the states and their derivatives, and is far below any mistake at ordinary sizes."""

from dataclasses import replace

import numpy as np
import pytest
from derivations.rows import rows
from derivations.test_systems import states_of
from derivations.unrolled import made

from charrnn.derivations.case import Case
from charrnn.derivations.complex_step import by
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.equation import judge
from charrnn.derivations.rounding import LAST_DIGITS, rounding

LINEAR = Case(T=6, D=2, φ_h="identity")


def moves(name, rnn):
    """How far each state moves where all weights move by 1: the sum of its derivatives by every weight."""
    states = {
        parameter: by(rnn, parameter, lambda moved: np.concatenate([np.ravel(h) for h in states_of(name, moved)]))
        for parameter in rnn.PARAMETERS
    }
    return sum(each.reshape(len(each), -1).sum(axis=1) for each in states.values())


@pytest.mark.parametrize("name", ["mean-loss", "update-rules", "multiple"])
def test_it_is_the_last_digits_of_the_largest_move(name):
    for seed in range(4):
        rnn = made(name, replace(LINEAR, D=5), seed)
        largest = max(1, np.abs(moves(name, rnn)).max(), max(np.abs(h).max() for h in states_of(name, rnn)))
        assert rounding(rnn) == pytest.approx(LAST_DIGITS * largest, rel=1e-9)


def test_it_is_that_of_large_states():
    rnn = replace(made("vector", Case(T=2)), s_0=np.full(5, -1e6), W=np.zeros((5, 5)))
    rnn = replace(rnn, U=np.zeros_like(rnn.U), x=np.zeros_like(rnn.x))
    assert rounding(rnn) == pytest.approx(LAST_DIGITS * 5e6)
    assert rounding(replace(rnn, W=10 * np.eye(5))) == pytest.approx(LAST_DIGITS * 1e6)


def test_it_is_at_least_that_of_1():
    rnn = made("vector", Case(T=1))
    assert rounding(replace(rnn, x=np.zeros_like(rnn.x), s_0=np.zeros(5))) == LAST_DIGITS


@np.errstate(over="ignore")
def test_a_loss_that_has_1_minus_o_is_steep():
    case = Case(φ_o="logistic", ell="binary-cross-entropy")
    steep = made("mean-loss", case)
    other = replace(steep, ell=made("mean-loss", replace(case, ell="squared-error")).ell)
    slopes = [np.abs(1 / (o - 1 + d)).max() for o, d in zip(map(steep.o, steep.times), steep.d, strict=True)]
    assert max(slopes) > slopes[0] > 1
    assert rounding(steep) / rounding(other) == pytest.approx(max(slopes))
    level = replace(steep, d=np.array([np.round(o) for o in map(steep.o, steep.times)]), W_hy=1e3 * steep.W_hy)
    level = replace(level, d=np.array([np.round(o) for o in map(level.o, level.times)]))
    assert rounding(level) == pytest.approx(rounding(replace(level, ell=other.ell)))


@pytest.mark.filterwarnings("error")
def test_states_that_are_not_finite_have_infinite_rounding():
    rnn = made("mean-loss", LINEAR)
    assert rounding(replace(rnn, w_h=1e200 * rnn.w_h)) == np.inf


@pytest.mark.parametrize("name", SYSTEMS)
def test_at_ordinary_sizes_it_hides_no_mistake(name):
    for seed in range(3):
        assert rounding(made(name, Case(), seed)) < 1e-9


@pytest.mark.parametrize("case", [Case(), Case(T=8, M=2, D=3, C=4, B=3, averaged=True)], ids=["default", "other"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_at_ordinary_sizes_every_equation_is_judged_as_without_it(name, case):
    for _, equation in rows(name, case):
        assert judge(equation, rounding(made(name, case))) == judge(equation)
