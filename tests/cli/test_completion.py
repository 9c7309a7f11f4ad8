"""What the Tab key offers in bash, zsh and fish."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.cli.options import completion
from charrnn.config.resolve import known_keys
from charrnn.config.schema import Config
from charrnn.network.architecture import CELLS
from charrnn.package import shipped_models
from charrnn.runs.finding import RUNS
from charrnn.runs.storage.directory import LAST

CODE = "import sys; sys.argv = ['charrnn']; from charrnn.cli.app import main; main()"
HEAVY = "import sys, atexit; atexit.register(lambda: print([m for m in ('numpy', 'yaml') if m in sys.modules], file=sys.stderr));"


@pytest.fixture
def complete(tmp_path):
    """Complete the last of some words, as a shell does; return the lines of its answer."""
    (tmp_path / "runs" / "play").mkdir(parents=True)
    (tmp_path / "runs" / "play" / LAST).touch()

    def run(shell, *words):
        variables = {"_CHARRNN_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        variables |= {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
        variables |= {"_TYPER_COMPLETE_ARGS": " ".join(words)}
        done = subprocess.run(
            [sys.executable, "-c", HEAVY + CODE],
            env=os.environ | variables,
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert done.stderr.strip() == "[]"  # no traceback, and nothing heavy
        return done.stdout.splitlines()

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["sample", ""], ["play", *shipped_models()]),
        (["train", "--resume", "runs/"], ["runs/play"]),
        (["train", "-c", "l"], ["lstm"]),
        (["train", "-s", "model.c"], [f"model.cell={cell}" for cell in CELLS]),
        (["train", "-s", "model.cell", "="], list(CELLS)),
        (["train", "-s", "model.cell", "=", "l"], ["lstm"]),
        (
            ["train", "-s", "data.proto"],
            ["data.protocol=contiguous", "data.protocol=nanogpt", "data.protocol=char-rnn"],
        ),
        (["train", "builtin", ":", "h"], ["harbour"]),
        (["eval", "play", "--split", "v"], ["valid"]),
        (["sa"], ["sample"]),
    ],
)
def test_bash(complete, words, offered):
    assert complete("bash", "charrnn", *words) == offered


@pytest.mark.slow
def test_fish_and_zsh_show_the_first_comment_of_a_recipe(complete):
    assert any(line.startswith("lstm\tThe lstm: ") for line in complete("fish", "charrnn", "train", "-c", "l"))
    assert complete("zsh", "charrnn", "train", "-c", "l")[0].startswith('_arguments \'*: :(("lstm":"The lstm')


def test_models_that_ship_are_offered_where_a_run_may_stand(shipped_english, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert completion.runs("") == completion.runs("builtin:e") == [("builtin:english", "")]
    assert completion.runs("play") == []
    assert completion.own_runs("") == []  # for --resume and plot


def test_the_keys_are_those_of_the_configuration():
    found = {key: values for key, values, _ in completion.configuration_keys()}
    assert set(found) == set(known_keys())
    assert found["model.bias"] == ("true", "false")
    assert found["training.steps"] == ("", "null")
    assert found["model.hidden_size"] == ("", str(Config().model.hidden_size))


def test_where_runs_are():
    assert (completion.RUNS, completion.LAST) == (RUNS, LAST)


def test_a_failure_offers_nothing(monkeypatch):
    monkeypatch.setattr(completion, "shipped", lambda name: Path("/nowhere") / "\0")
    assert completion.recipes("") == []
