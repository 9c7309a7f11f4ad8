"""An expression that backtracks too long is stopped; one that cannot backtrack is matched directly."""

import re
import subprocess

import pytest

from charrnn.errors import TextError
from charrnn.text import bounded_matching
from charrnn.text.bounded_matching import is_quick, matches
from charrnn.text.documents import split_documents

ENDLESS = ["(a+)+$", "(?:a|a)*b", "(?:a|a)" * 40 + "b", "(?:|)" * 60 + "b"]


@pytest.mark.parametrize("expression", ENDLESS)
def test_a_pattern_that_backtracks_too_long_is_stopped_and_named(monkeypatch, expression):
    monkeypatch.setattr(bounded_matching, "SECONDS", 0.3)
    with pytest.raises(
        TextError, match=r"data\.boundary='.*: this expression needed more than 300 ms for 51 characters"
    ):
        split_documents(["a" * 50 + "c"], expression)


@pytest.mark.parametrize(
    "expression", [r"\n", "---", r"\*\*\*", r"\n\n", "§ #", "(?m)^-+$", "<(a|b)>", "[|]", "é\U0001f600?"]
)
def test_the_matches_are_those_of_re(expression):
    texts = ["", "a---b\n\n***\n-\n<a><b>§ # é\U0001f600|\ud800", "é\n\né\U0001f600\n"]
    found = [[*spans] for spans in matches(re.compile(expression), texts)]
    assert found == [[match.span() for match in re.finditer(expression, text)] for text in texts]


def test_only_patterns_that_can_backtrack_need_a_process(monkeypatch):
    assert all(map(is_quick, [r"\n", "---", r"\*\*\*", r"\\", r"[abc]\.", "^a$", r"\|\(\{"]))
    assert not any(map(is_quick, ["a*", "a+", "a?", "a{3}", "(a)", "a|b", r"\\*", "(?i)a"]))
    monkeypatch.setattr(subprocess, "run", None)
    assert split_documents(["a\n\nb\n"], "blank-line").documents == ("a", "b")
    assert split_documents(["a---b"], "---").documents == ("a", "b")


def test_a_process_that_crashes_is_an_error(monkeypatch):
    monkeypatch.setattr(bounded_matching, "CHILD", "raise MemoryError")
    with pytest.raises(TextError, match="cannot be matched in a process of its own"):
        split_documents(["ab"], "a+")
