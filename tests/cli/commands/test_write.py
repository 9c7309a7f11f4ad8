"""`charrnn write` in a pipe: a line in, its continuation out."""

import sys
from pathlib import Path
from types import SimpleNamespace

import on_terminal
import pytest
from refusals import refused

from charrnn import api
from charrnn.system.optional_libraries import install_command


def continued(charrnn, run, *words, stdin):
    result = charrnn("write", run, "--seed", "5", *words, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_each_line_gets_its_continuation_and_is_the_beginning_of_the_next(charrnn, tiny_run):
    found = continued(charrnn, tiny_run, stdin="the c\na dog").split("\n")
    model = api.load(tiny_run)
    first = model.sample("the c", 500, stops=["\n"], seed=5)
    assert first.startswith(found[0])
    assert len(found) == 3
    second = model.sample(f"the c{found[0]}\na dog", 500, stops=["\n"], seed=6)
    assert second.startswith(found[1])


def test_the_text_is_saved_after_each_line_and_goes_on_the_next_time(charrnn, tiny_run):
    first = continued(charrnn, tiny_run, "-o", "story.txt", stdin="the c\n")
    assert Path("story.txt").read_text("utf-8") == f"the c{first}"
    second = continued(charrnn, tiny_run, "-o", "story.txt", stdin="a dog\n")
    assert Path("story.txt").read_text("utf-8") == f"the c{first}a dog{second}"


def test_escapes_are_read(charrnn, tiny_run):
    continued(charrnn, tiny_run, "-o", "story.txt", stdin="a\\ndog\n")
    assert Path("story.txt").read_text("utf-8").startswith("a\ndog")


@pytest.mark.parametrize("stdin", [b"\xef\xbb\xbfthe c\r\n", "the cßéat\n".encode()])
def test_a_mark_a_carriage_return_and_unknown_characters_do_no_harm(charrnn, tiny_run, stdin):
    assert continued(charrnn, tiny_run, "-o", "story.txt", stdin=stdin).endswith("\n")
    assert Path("story.txt").read_text("utf-8").startswith("the c")


def test_no_line_no_continuation(charrnn, tiny_run):
    assert continued(charrnn, tiny_run, "-o", "story.txt", stdin="") == ""
    assert not Path("story.txt").exists()


@pytest.mark.parametrize(
    ("words", "stdin", "parts"),
    [
        (["--pick", "3"], "the", [2, "--pick needs a terminal to choose in; leave it out"]),
        (["--pick", "10"], "the", [2, "--pick 10: must be at most 9"]),
        (["-t", "-1"], "the", [1, "-t -1: must be a number of at least 0"]),
        (["--top-p", "0"], "the", [1, "--top-p", "above 0"]),
        (["-o", "none/story.txt"], "the", [1, "there is no folder none"]),
    ],
)
def test_what_is_wrong_is_one_line(charrnn, tiny_run, words, stdin, parts):
    refused(charrnn("write", tiny_run, *words, stdin=stdin), *parts)


def test_a_line_that_is_not_utf_8_ends_it_after_those_before(charrnn, tiny_run):
    result = charrnn("write", tiny_run, "-o", "story.txt", stdin=b"the\nc\xe9\n")
    assert (result.exit_code, result.stdout.count("\n")) == (1, 1)
    assert result.stderr.splitlines()[-1] == "error: standard input: line 2: byte 2 is not UTF-8"
    assert Path("story.txt").read_text("utf-8") == f"the{result.stdout}"


def test_a_run_that_is_not_there(charrnn):
    refused(charrnn("write", "runs/none", stdin="a"), 1, "runs/none")


def test_without_prompt_toolkit_a_terminal_gets_the_command_to_type(charrnn, tiny_run, monkeypatch):
    monkeypatch.setitem(sys.modules, "charrnn.cli.writing.editor", None)
    assert charrnn("write", tiny_run, stdin="the c\n").exit_code == 0  # a pipe needs none
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    code, output = on_terminal.run(monkeypatch, 120, "write", tiny_run, term="xterm")
    assert (code, f"charrnn write needs prompt_toolkit: {install_command('write')}" in output) == (1, True)


def test_a_terminal_that_cannot_be_drawn_on_is_read_line_by_line(tiny_run, monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    code, output = on_terminal.run(monkeypatch, 120, "write", tiny_run, "--pick", "3", term="dumb")
    assert (code, output.strip()) == (
        2,
        "error: --pick needs a terminal to choose in; leave it out; see charrnn write --help",
    )
