"""Breaking any function or constant of the derivations in one place fails a check."""

import pkgutil
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from derivations import (
    test_case,
    test_complex_step,
    test_descent,
    test_equation,
    test_functions,
    test_lessons,
    test_rounding,
    test_vanishing,
    test_walkthrough,
)
from derivations.checks import is_right, passes, passes_all
from derivations.unrolled import AVERAGED, UNROLLED
from module_functions import functions_of
from module_mutants import module_mutants, module_survivors
from mutants import survivors
from slow import mostly_exhaustive, mostly_slow

import charrnn.derivations

PACKAGE = charrnn.derivations.__name__


def vanishing_is_right():
    passes(test_vanishing)
    is_right("vanishing")


def teaches(*names, then=()):
    """The check of a task: the numbers of a few updates of these systems, what is said of them, and then these tests."""

    def check():
        test_lessons.few.cache_clear()
        for name in names:
            test_lessons.test_the_numbers_of_a_few_updates(name)
            test_lessons.test_the_sentences_of_each_lesson(name)
        passes_all(then)

    return check


CHECKS = {  # what is run while a module is broken
    "case": partial(passes, test_case),
    "complex_step": partial(passes, test_complex_step),
    "in_words": partial(passes_all, (test_lessons.test_a_share_in_words,)),
    "equation": partial(passes, test_equation),
    "functions": partial(passes, test_functions),
    "systems.mean_loss": partial(is_right, "mean-loss"),
    "systems.mini_batch": partial(is_right, "mini-batch"),
    "systems.multiple": partial(is_right, "multiple"),
    "rounding": partial(passes, test_rounding),
    "systems.recurrent": partial(is_right, "vector"),
    "systems.scalar": partial(is_right, "scalar"),
    "systems.update_rules": partial(is_right, "update-rules"),
    "systems.vanishing": vanishing_is_right,
    "systems.vector": partial(is_right, "vector"),
    "walkthrough": partial(passes, test_walkthrough),
    "tasks.descent": partial(passes, test_descent),
    "tasks.lessons": teaches(
        "multiple",
        "vanishing",
        then=(
            test_lessons.test_the_settings_and_the_seed_are_reported,
            test_lessons.test_a_bound_that_is_never_reached_changes_nothing,
            test_lessons.test_only_divergence_is_reported_if_both_diverge,
            test_lessons.test_an_end_that_is_not_finite_has_diverged,
            test_lessons.test_a_loss_or_a_score_that_is_not_finite_has_diverged,
            test_lessons.test_clipping_is_credited_only_if_the_loss_falls,
            test_lessons.test_invalid_settings_are_refused,
            test_lessons.test_one_unit_has_no_number_to_choose,
            test_lessons.test_settings_may_be_texts,
            test_lessons.test_progress_is_reported_before_each_update,
            test_lessons.test_a_lesson_of_more_than_a_minute_is_refused,
            test_lessons.test_an_update_is_timed_by_its_gradients,
            test_lessons.test_the_default_seed_is_0,
        ),
    ),
    "tasks.leaky": partial(passes_all, (test_lessons.test_the_leaky_sum,)),
    "tasks.task": teaches("multiple", "mean-loss"),
    "tasks.signs": teaches(
        "scalar",
        then=(
            test_lessons.test_the_printed_loss_is_learned_by_its_own_gradient,
            test_lessons.test_a_task_begins_with_its_first_data,
            test_lessons.test_a_sum_of_zero_is_not_above_zero,
            test_lessons.test_the_weights_in_words,
        ),
    ),
    "tasks.sums": teaches(
        "mean-loss",
        "vanishing",
        then=(test_lessons.test_a_task_begins_with_its_first_data, test_lessons.test_the_sums_begin_with_their_rate),
    ),
    "tasks.recall": teaches(
        "mini-batch",
        then=(
            test_lessons.test_a_task_begins_with_its_first_data,
            test_lessons.test_the_words_that_the_mini_batch_recalls,
        ),
    ),
    "tasks.texts": teaches(
        "vector",
        "update-rules",
        then=(
            test_lessons.test_a_task_begins_with_its_first_data,
            test_lessons.test_the_printed_rule_starts_v_from_u,
            test_lessons.test_windows_follow_each_other_and_the_text_begins_again,
            test_lessons.test_the_printed_rule_is_impossible_if_the_shapes_do_not_fit,
        ),
    ),
    "tasks.words": teaches("multiple", then=(test_lessons.test_the_sequences_of_a_batch_are_words,)),
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


OF_TASKS = {
    "tasks.leaky": {"RETENTION": 0.8},
    "tasks.recall": {"T": 5, "CLASSES": 3, "INSTANCES": 5, "FRESH": 200},
    "tasks.signs": {"T": 12, "FRESH": 400},
    "tasks.sums": {"T": 10, "FRESH": 100},
    "tasks.texts": {"T": 8, "WINDOWS": 3},
}
DEFAULTS = {  # alpha, updates, clip, D
    "mean-loss": (0.03, 250, 1.0, 2),
    "mini-batch": (0.5, 150, 1.0, 6),
    "vanishing": (0.05, 250, 1.0, 1),
    "scalar": (0.03, 300, 1.0, 0),
    "vector": (0.05, 450, 3.0, 10),
    "multiple": (0.1, 300, 1.0, 10),
    "update-rules": (0.05, 450, 3.0, 10),
}


def constants_are_right():
    """Those outside functions, of the modules as they are imported now."""
    now = {name: import_module(f"{PACKAGE}.{name}") for name in CONSTANTS}
    assert now["case"].Case() == now["case"].Case(T=4, M=3, D=5, C=6, B=2, one_hot=False, averaged=None, given=True)
    assert now["complex_step"].ε == 1e-30
    assert (now["equation"].TOLERANCE, now["equation"].EXACT) == (1e-10, 0)
    assert now["rounding"].LAST_DIGITS == 2.0**-52 * 10_000
    activations = now["functions"].ACTIVATIONS
    assert {name: φ.γ for name, φ in activations.items()} == {"tanh": 1, "logistic": 0.25, "relu": 1, "identity": 1}
    assert [document.year for document in now["documents"].DOCUMENTS.values()] == [2024, 2019, 2019, 2023]
    walkthrough = now["walkthrough"]
    assert {"T": 3, "M": 1, "D": 2, "C": 2, "B": 2} == walkthrough.EXPLAINED
    assert {"T": 8, "M": 4, "D": 4, "C": 4, "B": 3} == walkthrough.LIMITS
    lessons = now["tasks.lessons"]
    assert (lessons.MAX_SECONDS, lessons.TRIES) == (60, 3)
    assert {"alpha": 1_000, "updates": 1_000_000, "clip": 1_000_000_000, "D": 100} == lessons.MAX_VALUES
    for name, constants in OF_TASKS.items():
        assert {constant: getattr(now[name], constant) for constant in constants} == constants
    assert len(now["tasks.texts"].TEXT) == 8 * 3 + 1
    assert now["tasks.task"].Settings(1, 1, 1).D == 0
    settings = {name: tuple(vars(task.DEFAULTS).values()) for name, task in lessons.TASKS.items()}
    assert settings == DEFAULTS
    assert {name: lessons.TASKS[name].RATE for name in ("mean-loss", "vanishing")} == {"mean-loss": 0.5, "vanishing": 2}
    systems = {name: system.make.__self__ for name, system in now["documents"].SYSTEMS.items() if name in UNROLLED}
    assert {name for name, system in systems.items() if system.averaged} == AVERAGED


def test_each_module_has_a_check():
    """A new module: give it a check in CHECKS, or name the file that tests it in ELSEWHERE."""
    assert {name for name, module in MODULES.items() if functions_of(module)} == set(CHECKS) | set(ELSEWHERE)
    assert all((Path(__file__).parent / file).exists() for file in ELSEWHERE.values())


@mostly_slow(
    ("name", "function"), FUNCTIONS, ids=lambda part: getattr(part, "__qualname__", part), one_in=97, slow_in=41
)
def test_a_broken_function_is_caught(name, function):
    assert survivors(function, CHECKS[name]) == []


@mostly_exhaustive("name", CONSTANTS, one_in=4)
@pytest.mark.slow
def test_a_broken_constant_is_caught(name):
    assert module_survivors(MODULES[name], PACKAGE, constants_are_right) == []
