"""Break any function of the derivations in one place, or any of their constants, and a check fails.

CHECKS says which check is run while a module is broken. It raises an AssertionError where the module is wrong; the numbers that it
compares with are not the module's: a pass through the system with a weight of its own at each step, a transcription of each wrong
print, and figures.
"""

import inspect
import pkgutil
from dataclasses import replace
from functools import partial
from importlib import import_module
from itertools import product
from operator import itemgetter
from pathlib import Path

import numpy as np
import pytest
from derivations import test_case, test_complex_step, test_equation, test_functions, test_systems, test_vanishing
from derivations.figures import ABSENT, FIGURES, HOLDS, MISFIT
from derivations.rows import SQUARE, rows
from derivations.unrolled import AVERAGED, OTHER, UNROLLED, cases, expected, made, of_square
from module_functions import functions_of
from module_mutants import module_mutants, module_survivors
from mutants import survivors

import charrnn.derivations
from charrnn.derivations import equation as judging
from charrnn.derivations.case import Case

PACKAGE = charrnn.derivations.__name__
NEED_TWO_STEPS = {  # the third row of each ∂L_t+1 is the second where there is one step
    ("mean-loss", "(9), (10)", 0),
    ("mean-loss", "(10), end", 0),
    ("mini-batch", "∂L_t+1/∂W_hh", 2),
    ("mini-batch", "∂L_t+1/∂W_xh", 2),
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
    assert finding.passed
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
    tests = [test for name, test in vars(module).items() if name.startswith("test_") and callable(test)]
    calls = [(number, test, arguments) for test in tests for number, arguments in enumerate(arguments_of(test))]
    for _, test, arguments in sorted(calls, key=itemgetter(0)):
        if arguments.keys() == inspect.signature(test).parameters.keys():
            try:
                test(**arguments)
            except pytest.fail.Exception as failure:  # which is no Exception
                raise AssertionError from failure


def arguments_of(test):
    """Each set of arguments that a test is parametrized with: {name: value}."""
    marks = [mark.args for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    for chosen in product(*(list(values) for _, values in marks)):
        arguments = {}
        for (names, _), value in zip(marks, chosen, strict=True):
            arguments |= {names: value} if isinstance(names, str) else dict(zip(names, value, strict=True))
        yield arguments


def vanishing_is_right():
    passes(test_vanishing)
    is_right("vanishing")


CHECKS = {
    "case": partial(passes, test_case),
    "complex_step": partial(passes, test_complex_step),
    "equation": partial(passes, test_equation),
    "functions": partial(passes, test_functions),
    "mean_loss": partial(is_right, "mean-loss"),
    "mini_batch": partial(is_right, "mini-batch"),
    "multiple": partial(is_right, "multiple"),
    "scalar": partial(is_right, "scalar"),
    "update_rules": partial(is_right, "update-rules"),
    "vanishing": vanishing_is_right,
    "vector": partial(is_right, "vector"),
    "equations.mean_loss": partial(is_right, "mean-loss", equations_first=True),
    "equations.mini_batch": partial(is_right, "mini-batch", equations_first=True),
    "equations.multiple": partial(is_right, "multiple", equations_first=True),
    "equations.scalar": partial(is_right, "scalar", equations_first=True),
    "equations.update_rules": partial(is_right, "update-rules", equations_first=True),
    "equations.vanishing": partial(is_right, "vanishing", equations_first=True),
    "equations.vector": partial(is_right, "vector", equations_first=True),
}
ELSEWHERE: dict[str, str] = {}  # a module whose mutants another file of this folder catches: the file's name

MODULES = {
    module.name.removeprefix(f"{PACKAGE}."): import_module(module.name)
    for module in pkgutil.walk_packages(charrnn.derivations.__path__, f"{PACKAGE}.")
}
FUNCTIONS = [(name, function) for name in CHECKS for function in functions_of(MODULES[name])]
CONSTANTS = [name for name in MODULES if name not in ELSEWHERE and any(module_mutants(MODULES[name]))]


def constants_are_right():
    """Those outside functions, of the modules as they are imported now."""
    now = {name: import_module(f"{PACKAGE}.{name}") for name in CONSTANTS}
    assert now["case"].Case() == now["case"].Case(T=4, M=3, D=5, C=6, B=2, one_hot=False, averaged=None, given=True)
    assert now["complex_step"].ε == 1e-30
    assert now["equation"].TOLERANCE == 1e-10
    activations = now["functions"].ACTIVATIONS
    assert {name: φ.γ for name, φ in activations.items()} == {"tanh": 1, "logistic": 0.25, "relu": 1, "identity": 1}
    assert [document.year for document in now["systems"].DOCUMENTS.values()] == [2024, 2019, 2019, 2023]
    systems = {name: system.make.__self__ for name, system in now["systems"].SYSTEMS.items() if name in UNROLLED}
    assert {name for name, system in systems.items() if system.averaged} == AVERAGED


def test_each_module_has_a_check():
    """A new module: give it a check in CHECKS, or name the file that catches its mutants in ELSEWHERE."""
    assert {name for name, module in MODULES.items() if functions_of(module)} == set(CHECKS) | set(ELSEWHERE)
    assert all((Path(__file__).parent / file).exists() for file in ELSEWHERE.values())


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=lambda part: getattr(part, "__qualname__", part))
def test_a_broken_function_is_caught(name, function):
    assert survivors(function, CHECKS[name]) == []


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_broken_constant_is_caught(name):
    assert module_survivors(MODULES[name], PACKAGE, constants_are_right) == []
