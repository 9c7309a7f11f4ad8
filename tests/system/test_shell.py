"""A word that a message proposes reaches the program as it is (IS_WINDOWS: as the shells there want it)."""

import ntpath
import re
import subprocess

import pytest

from charrnn.system import shell
from charrnn.system.shell import shell_command, shell_word


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("C:\\texts\\play.txt", "C:\\texts\\play.txt"),
        ("my play.txt", '"my play.txt"'),
        ("it's", '"it\'s"'),
        ("C:\\my texts\\", '"C:\\my texts\\\\"'),
        ('say "hello"', '"say \\"hello\\""'),
        ("a&b.txt", '"a&b.txt"'),
        ("training.steps=20,40", '"training.steps=20,40"'),
        ("texts\\*.txt", '"texts\\*.txt"'),
        ("schöne_Texte.txt", "schöne_Texte.txt"),
        ("", '""'),
    ],
)
def test_on_windows_a_word_is_quoted_as_its_shells_want_it(monkeypatch, word, typed):
    monkeypatch.setattr(shell, "IS_WINDOWS", True)
    assert shell_word(word) == typed
    assert shell_command("charrnn train", word) == f"charrnn train {typed}"
    if word:  # what a program then gets
        assert ntpath.basename(word) in subprocess.list2cmdline([word]).replace('\\"', '"')


@pytest.mark.parametrize("word", ["my play.txt", "it's", "a b\\", 'say "hello"', 'a\\\\"b'])
def test_a_program_on_windows_gets_the_word_that_was_typed(monkeypatch, word):
    """The rule by which programs there take their command line apart: pairs of backslashes before a quote are halved."""
    monkeypatch.setattr(shell, "IS_WINDOWS", True)
    inner = re.fullmatch(r'"(.*)"', shell_word(word), re.DOTALL)[1]
    assert not re.search(r'(?<!\\)(\\\\)*"', inner)
    assert re.sub(r'(\\+)("|$)', lambda found: found[1][: len(found[1]) // 2] + found[2], inner) == word
