"""Parts of messages: names of parameters, numbers with nouns, suggestions."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import sources

import charrnn
from charrnn.durations import duration, short_duration
from charrnn.words import did_you_mean, nearest, parameter, plural, spelled_as

ROOT = Path(charrnn.__file__).parent
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[sco] [\w{])")
ROOMS = [path for path in sources.MODULES if path.relative_to(ROOT).parts[0] != "cli"]


def is_call_of_parameter(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "parameter"


def test_a_parameter_is_spelled_as_the_user_writes_it():
    assert parameter("weights") == "`weights`"
    with spelled_as("--{}".format):
        assert parameter("weights") == "--weights"
    assert parameter("weights") == "`weights`"


def test_the_spelling_ends_with_an_error_too():
    with pytest.raises(ValueError, match="--weights"), spelled_as("--{}".format):
        raise ValueError(parameter("weights"))
    assert parameter("weights") == "`weights`"


def texts(nodes):
    """The strings of a program but for its docstrings; an f-string as one."""
    docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
    parts = {part for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    left_out = docstrings | parts
    for node in nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr) and node not in left_out:
            yield ast.unparse(node)


def test_no_room_but_the_command_line_knows_options():
    """A whole command, which anybody can type, may have some: charrnn train --resume RUN, pandoc -t plain FILE."""
    found = [
        f"{path}: {text}"
        for path in ROOMS
        if path.name != "jobs.py"  # which starts the command
        for text in texts(sources.nodes(path))
        if OPTION.search(text) and not any(f"{program} " in text for program in ("charrnn", "pandoc"))
    ]
    assert not found


def test_parameters_are_named_when_a_message_is_made_and_not_before():
    """A constant of a module is made before the command line has said how it spells them."""
    early = []
    for path in ROOMS:
        nodes = sources.nodes(path)
        functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
        within = {node for function in functions for part in function.body for node in ast.walk(part)}
        early += [f"{path}:{node.lineno}" for node in nodes if is_call_of_parameter(node) and node not in within]
    assert not early


@pytest.mark.parametrize(("count", "text"), [(0, "0 steps"), (1, "1 step"), (2, "2 steps"), (1200, "1,200 steps")])
def test_a_number_with_its_noun(count, text):
    assert plural(count, "step") == text


def test_the_nearest_known_word_is_suggested():
    known = ["rnn", "gru", "lstm"]
    assert nearest("lsmt", known) == "lstm"
    assert nearest("lsmt", known, 0.9) is None
    assert did_you_mean("lsmt", known) == "; did you mean lstm?"
    assert did_you_mean("transformer", known) == ""


@pytest.mark.parametrize(
    ("seconds", "text", "short"),
    [
        (0, "less than a second", "0 s"),
        (0.00256, "less than a second", "2.56 ms"),
        (0.9996, "a second", "1 s"),
        (1, "a second", "1 s"),
        (9.96, "10 seconds", "10 s"),
        (45, "45 seconds", "45 s"),
        (59.6, "a minute", "1 min"),
        (80, "80 seconds", "1 min 20 s"),
        (119.7, "2 minutes", "2 min"),
        (140, "2 minutes", "2 min 20 s"),
        (3_599.7, "an hour", "1 h"),
        (5_000, "83 minutes", "1 h 23 min"),
        (86_400, "a day", "1 day"),
        (90_061, "a day", "1 day 1 h"),
        (200_000, "2 days", "2 days 8 h"),
        (2e6, "23 days", "23 days"),
        (31_536_000, "a year", "365 days"),
        (3.6e9, "114 years", "114 years"),
        (float("inf"), "1,000,000 years", "1,000,000 years"),
    ],
)
def test_a_time_as_a_person_says_it(seconds, text, short):
    assert (duration(seconds), short_duration(seconds)) == (text, short)


def test_no_time_is_said_with_many_digits_or_without_a_unit():
    for seconds in 1.07 ** np.arange(-200, 400):
        for words in (duration(seconds), short_duration(seconds)):
            assert len(words) <= 18
            assert "e+" not in words
            assert " 1 days" not in f" {words}"
            assert " 60 s" not in words
            assert " 60 min" not in words
            assert " 24 h" not in words.partition("day")[2]
