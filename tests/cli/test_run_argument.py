"""RUN stands in one place in every command, and a terminal may leave it out."""

import shutil
from pathlib import Path

import on_terminal
import pytest
from refusals import refused

from charrnn.system.shell import shell_word

NEEDED = ["sample", "eval", "score", "view", "export", "plot"]


@pytest.mark.parametrize("command", NEEDED)
def test_a_pipe_must_name_a_run(charrnn, tiny_run, command):
    line = f"Missing argument RUN; name one, for example: root {command} runs/"
    refused(charrnn(command), 2, f"{line}NAME")
    shutil.copytree(tiny_run, "runs/play")
    refused(charrnn(command), 2, f"{line}play")


@pytest.mark.parametrize("command", ["sample", "plot"])
def test_a_terminal_gets_the_newest_run(charrnn, monkeypatch, tiny_run, command):
    shutil.copytree(tiny_run, "runs/play")
    code, output = on_terminal.run(monkeypatch, 80, command)
    assert code == 0
    assert output.startswith("the newest run: runs/play\n")


def test_a_terminal_without_runs(charrnn, monkeypatch, shipped_english):
    code, output = on_terminal.run(monkeypatch, 400, "sample")
    line = "there is no run in runs/; train one: charrnn train; without a training: charrnn sample builtin:english"
    assert (code, output) == (1, f"error: {line}\n")
    refused(charrnn("sample"), 2, "root sample runs/NAME; without a training: charrnn sample builtin:english")


def test_gradcheck_has_run_in_its_place(charrnn, tiny_run):
    shutil.copytree(tiny_run, "runs/play")
    named = charrnn("gradcheck", "play", "--entries", 1, "--oracle", "complex-step")
    assert named.exit_code == 0
    assert named.stdout == charrnn("gradcheck", "--run", "play", "--entries", 1, "--oracle", "complex-step").stdout
    refused(charrnn("gradcheck", "play", "--run", tiny_run), 2, f"RUN is play, and --run is {tiny_run}; give one")


@pytest.mark.parametrize("command", ["score", "eval", "view"])
def test_a_sentence_in_the_place_of_a_text(charrnn, tiny_run, command):
    line = f"echo {shell_word('a cat ran')} | charrnn {command} {tiny_run} -"
    refused(
        charrnn(command, tiny_run, "a cat ran"),
        1,
        f"a cat ran: no such file or folder; to read these words themselves: {line}",
    )
    refused(charrnn(command, tiny_run, tiny_run), 1, f"{tiny_run}: a run, not a text; name a text")


def test_another_text_names_the_way(charrnn, tiny_run, tmp_path):
    Path("new text").write_text("another text", "utf-8")
    refused(
        charrnn("eval", tiny_run, "--text", "new text"),
        1,
        f"to read this one, name it after RUN, without --text; to train on this one: charrnn train {shell_word('new text')} --from ",
    )


def test_train_refuses_a_run(charrnn, tiny_run):
    shutil.copytree(tiny_run, "runs/play")
    refused(
        charrnn("train", "runs/play"),
        1,
        "runs/play: a run, not a text; go on with it: charrnn train --resume runs/play",
    )


@pytest.mark.slow
def test_sweep_takes_the_configuration_by_option(charrnn, text_file):
    rest = ["--grid", "model.hidden_size=4,8", "--steps", 2, "-s", "training.batch_size=4", "-q", "--json"]
    shutil.copy(text_file, "play.txt")
    tables = [
        charrnn("sweep", *words, *rest, "-o", f"o{number}").stdout.replace(f"o{number}", "")
        for number, words in enumerate((["rnn", "play.txt"], ["play.txt", "-c", "rnn"]))
    ]
    assert len(tables[0]) > 100
    assert [len(table) // 100 for table in tables] == [len(tables[0]) // 100] * 2


def test_a_sweep_resolves_no_ambiguity_silently(charrnn, text_file):
    grid = ["--grid", "model.hidden_size=4,8"]
    shutil.copy(text_file, "play.txt")
    refused(charrnn("sweep", "play.txt", "names", *grid), 2, "name the recipe with -c: charrnn sweep play.txt -c names")
    shutil.copy(text_file, "names")
    refused(charrnn("sweep", "names", *grid), 2, "say which: -c names for the recipe, ./names for the text")
