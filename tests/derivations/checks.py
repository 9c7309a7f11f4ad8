"""Whether a module is right, quickly: each of these raises an AssertionError where it is not.

The numbers that they compare with are not the module's: a pass through the system with a weight of its own at each step, a
transcription of each wrong print, and figures.
"""

import inspect
from dataclasses import replace
from functools import partial
from itertools import product
from operator import itemgetter

import numpy as np
import pytest
from derivations import test_systems
from derivations.figures import ABSENT, FIGURES, HOLDS, MISFIT
from derivations.rows import SQUARE, rows
from derivations.unrolled import OTHER, UNROLLED, cases, expected, made, of_square

from charrnn.derivations import equation as judging
from charrnn.derivations.case import Case

NEED_TWO_STEPS = {  # the last two rows of each ∂L_t+1 are the third and the fourth where there is one step
    ("mean-loss", "(9), (10)", 0),
    ("mean-loss", "(10), end", 0),
    ("mean-loss", "(10), total", 0),
    *(("mini-batch", f"∂L_t+1/∂{name}", number) for name in ("W_hh", "W_xh") for number in (4, 5)),
}


def same(found, value):
    """Whether two arrays are equal to rounding, and of one shape."""
    found, value = np.asarray(found), np.asarray(value)
    scale = np.abs(value).max(initial=0)
    return found.shape == value.shape and bool((np.abs(found - value) <= 1e-11 * scale + 1e-14).all())


def agrees(name, case):
    """The states, the loss, the gradients and the terms are those of the system unrolled."""
    rnn = made(name, case)
    for what, value in expected(name, case).items():
        match what:
            case "states":
                assert same(test_systems.states_of(name, rnn), value)
            case "loss":
                assert same(rnn.loss(), value)
            case kind, *arguments:
                assert same(getattr(rnn, kind)(*arguments), value)


def judged(equation):
    """(its truth, what is found of it), with one evaluation of the truth."""
    truth = np.asarray(equation.truth())
    finding = judging.judge(replace(equation, truth=lambda: truth))
    assert (finding.corrected or finding.printed).holds
    return truth, finding.printed


def has_its_figures(name):
    """Each equation's truth and the error of its print, where the sizes differ and where they are equal."""
    found = []
    for key, equation in rows(name):
        found.append(key)
        shape, norm, error = FIGURES[key]
        truth, printed = judged(equation)
        assert truth.shape == shape
        assert abs(np.linalg.norm(truth) - norm) <= 1e-7 * norm
        if error in (HOLDS, MISFIT, ABSENT):
            assert (printed.holds, printed.reason) == ((True, "") if error == HOLDS else (False, error))
        else:
            assert abs(printed.error - error) <= 1e-6 * error
    assert found == [key for key in FIGURES if key[0] == name]
    for averaged in (True, False):
        square = dict(rows(name, replace(SQUARE, averaged=averaged)))
        for key, transcribed in of_square(name, averaged):
            assert same(square[key].printed(), transcribed)


def holds_elsewhere(name):
    """For other functions and sizes, for the loss that the document does not have; and for one step and two."""
    for _, equation in rows(name, OTHER[name]):
        judged(equation)
    for T in (1, 2):
        found = [key for key, equation in rows(name, Case(T=T)) if judged(equation)]
        skipped = NEED_TWO_STEPS if T == 1 else ()
        assert found == [key for key in FIGURES if key[0] == name and key not in skipped]


def is_right(name, equations_first=False):
    """A system, and what is said of it."""
    of_the_system = [partial(agrees, name, case) for case in cases(name)] if name in UNROLLED else []
    of_its_equations = [partial(has_its_figures, name), partial(holds_elsewhere, name)]
    checks = of_its_equations + of_the_system if equations_first else of_the_system + of_its_equations
    for check in checks:
        check()
    test_systems.test_the_shapes_are_the_documents(name)
    test_systems.test_jacobians_are_derivatives_of_the_next_state_by_the_state(name)


def passes(module):
    """All of a file's tests but those that need a fixture; of parametrized ones first each with its first arguments."""
    passes_all([test for name, test in vars(module).items() if name.startswith("test_") and callable(test)])


def passes_all(tests):
    """These of a file's tests."""
    calls = [(number, test, arguments) for test in tests for number, arguments in enumerate(arguments_of(test))]
    for _, test, arguments in sorted(calls, key=itemgetter(0)):
        if arguments.keys() == inspect.signature(test).parameters.keys():
            try:
                test(**arguments)
            except pytest.fail.Exception as failure:  # which is not a subclass of Exception
                raise AssertionError from failure


def arguments_of(test):
    """Each set of arguments that a test is parametrized with: {name: value}."""
    marks = [mark.args for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    for chosen in product(*(list(values) for _, values in marks)):
        arguments = {}
        for (names, _), value in zip(marks, chosen, strict=True):
            arguments |= {names: value} if isinstance(names, str) else dict(zip(names, value, strict=True))
        yield arguments
