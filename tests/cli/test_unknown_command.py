"""A first word that is no command, and the words that mean the help."""

from pathlib import Path

import pytest
from refusals import refused

from charrnn.system.shell import shell_word


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("generate", "sample"), ("inspect", "info"), ("ls", "runs"), ("list", "runs"), ("evaluate", "eval"),
        ("learn", "train"), ("trian", "train"), ("benchmark", "bench"), ("convert", "export"), ("Write", "sample"),
        ("resume", "train --resume"),
    ],
)  # fmt: skip
def test_the_nearest_by_meaning(charrnn, word, command):
    refused(charrnn(word), 2, f"No such command '{word}'; did you mean charrnn {command}?")


def test_nothing_like_it(charrnn):
    refused(charrnn("frobnicate"), 2, "No such command 'frobnicate'; there are train, ")


def test_a_text_or_a_run_in_the_place_of_a_command(charrnn, tiny_run):
    Path("My Stories.txt").write_text("text", "utf-8")
    Path("play.txt").write_text("text", "utf-8")
    train = f"train on the text: charrnn train {shell_word('My Stories.txt')}"
    refused(charrnn("play.txt"), 2, "play.txt: a text, not a command; train on it: charrnn train play.txt")
    refused(charrnn("play"), 2, "play: not a command; train on the text: charrnn train play.txt")
    refused(charrnn("My Stories"), 2, train)
    refused(charrnn("My", "Stories"), 2, train)
    refused(charrnn("builtin:names"), 2, "charrnn train builtin:names")
    refused(charrnn("https://a.b/c"), 2, "a web address, not a command", "curl -LO https://a.b/c")
    refused(charrnn(tiny_run), 2, f"{tiny_run}: a run, not a command; write with it: charrnn sample {tiny_run}")


def test_a_prompt_without_its_option(charrnn):
    refused(
        charrnn("sample", "play", "JUNE:", "x"),
        2,
        f"a prompt comes after -p: charrnn sample RUN -p {shell_word('JUNE: x')}",
    )


def test_a_short_resume(charrnn):
    refused(charrnn("train", "-r"), 2, "there is no option -r; did you mean --resume? See")


def test_help_in_words(charrnn):
    assert charrnn("help").output == charrnn("--help").output
    assert charrnn("help", "train").output == charrnn("train", "help").output == charrnn("train", "--help").output
    assert charrnn("version").output == charrnn("--version").output
