"""Break any function of the derivations in one place, or any of their constants, and a check fails."""

import pkgutil
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from derivations import test_case, test_complex_step, test_equation, test_functions, test_vanishing
from derivations.checks import is_right, passes
from derivations.unrolled import AVERAGED, UNROLLED
from module_functions import functions_of
from module_mutants import module_mutants, module_survivors
from mutants import survivors

import charrnn.derivations

PACKAGE = charrnn.derivations.__name__


def vanishing_is_right():
    passes(test_vanishing)
    is_right("vanishing")


CHECKS = {  # what is run while a module is broken
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
ELSEWHERE: dict[str, str] = {}  # a module that is not broken here, and the file of this folder that tests it

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
    """A new module: give it a check in CHECKS, or name the file that tests it in ELSEWHERE."""
    assert {name for name, module in MODULES.items() if functions_of(module)} == set(CHECKS) | set(ELSEWHERE)
    assert all((Path(__file__).parent / file).exists() for file in ELSEWHERE.values())


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=lambda part: getattr(part, "__qualname__", part))
def test_a_broken_function_is_caught(name, function):
    assert survivors(function, CHECKS[name]) == []


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_broken_constant_is_caught(name):
    assert module_survivors(MODULES[name], PACKAGE, constants_are_right) == []
