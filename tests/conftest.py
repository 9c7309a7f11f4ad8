"""Shared fixtures: small texts, a trained run, the command line."""

import shlex
import shutil
import signal
from dataclasses import replace
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import typer.main
from languages import english_base
from threadpoolctl import threadpool_limits
from tiny import TINY, trained
from typer.testing import CliRunner

from charrnn import package
from charrnn.config.resolve import resolve
from charrnn.models import export
from charrnn.runs.storage.checkpoint import load, save

TEXT = "the cat sat on the mat. a dog ran.\nwhy?\n" * 30
SHARED = Path(__file__).resolve().parents[2] / "shared"

# Timing is never a test.
hypothesis.settings.register_profile("untimed", deadline=None, max_examples=40)
hypothesis.settings.register_profile(
    "thorough", deadline=None, max_examples=400
)  # pytest --hypothesis-profile thorough
hypothesis.settings.load_profile("untimed")

# The `&` of a script ignores Ctrl-C, and the commands that tests start would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--rewrite-captures", action="store_true", help="write what the display shows to its captures")


@pytest.fixture(scope="session", autouse=True)
def _short_measurements():
    """A dry run measures a training for half a second; here an estimate may be rough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("charrnn.runs.time_budget.MIN_MEASURING", 0.02)
        yield


@pytest.fixture(scope="session", autouse=True)
def _console_of_today():
    """On Windows rich finds an old console where there is none, as in these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rich.console.detect_legacy_windows", lambda: False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _commands_made_once():
    """Typer makes all commands for each call, which takes longer than most calls do."""
    made_once = cache(typer.main.get_command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.main.get_command", made_once)
        patch.setattr("typer.testing._get_command", made_once, raising=False)  # without it tests are slower, not wrong
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_blas_thread():
    """As in every command. The threads of a BLAS wait in loops: beside other tests a product takes many times as long."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(scope="session")
def shakespeare():
    """Tiny Shakespeare, if the checkout has it."""
    path = SHARED / "data" / "tinyshakespeare.txt"
    if not path.exists():
        pytest.skip(f"needs {path}, which is not here")
    return path


@pytest.fixture
def text_file(tmp_path):
    """A text of 1,200 characters, 20 different."""
    path = tmp_path / "text.txt"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.fixture
def tiny_config():
    """The configuration of `tiny_run`."""
    return resolve(None, TINY).config


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    """The run that `tiny_run` copies: training one for each test would take too long."""
    text = tmp_path_factory.mktemp("once") / "text.txt"
    text.write_text(TEXT, "utf-8")
    return trained(text.with_name("run"), text)


@pytest.fixture(scope="session")
def checkpoints_once(trained_once):
    """The checkpoints of that run by the names of their files."""
    return {file.name: load(file) for file in trained_once.glob("*.safetensors")}


@pytest.fixture(scope="session")
def english(tmp_path_factory):
    """A run that knows a little English; read it, do not write there."""
    return english_base(tmp_path_factory.mktemp("english"))


@pytest.fixture
def tiny_run(tmp_path, text_file, trained_once, checkpoints_once):
    """A run directory after 20 steps of a network with 16 units, on `text_file`."""
    run = tmp_path / "run"
    shutil.copytree(trained_once, run, ignore=shutil.ignore_patterns("*.safetensors"))
    metrics = run / "metrics.jsonl"
    metrics.write_text(metrics.read_text("utf-8").replace(str(trained_once), str(run)), "utf-8")
    for name, saved in checkpoints_once.items():
        save(replace(saved, text=replace(saved.text, sources=(str(text_file),))), run / name)
    return run


@pytest.fixture
def weights_alone(tmp_path, tiny_run):
    """The weights of `tiny_run` in a file of their own, cat.safetensors."""
    path = tmp_path / "cat.safetensors"
    export.write(load(tiny_run / "best.safetensors"), path, "charrnn", half=True)
    return path


@pytest.fixture
def shipped_english(tmp_path, weights_alone, monkeypatch):
    """The same weights as builtin:english, in copies of the folders that ship with the program."""
    root = tmp_path / "installed" / "charrnn"
    for name in ("corpora", "configs"):
        shutil.copytree(package.shipped(name), root / name, ignore=shutil.ignore_patterns("*.safetensors"))
    monkeypatch.setattr(package, "FOLDER", root)
    return Path(shutil.copy(weights_alone, root / "corpora" / "english.safetensors"))


@pytest.fixture
def small_peak(monkeypatch):
    """`bench` compares with a matrix product that is quickly made."""
    monkeypatch.setattr("charrnn.training.benchmark.PEAK_SIZE", 128)


@pytest.fixture
def charrnn(monkeypatch, tmp_path):
    """Run the command line in an empty folder: `charrnn("train", "text.txt")` gives exit_code, stdout, stderr.

    It prints each command and its output, which pytest shows below a test that failed.
    """
    from charrnn.cli.app import app

    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(*arguments, stdin=None):
        words = [str(argument) for argument in arguments]
        result = CliRunner().invoke(app, words, input=stdin)
        print(f"$ charrnn {shlex.join(words)[:1000]}", result.output[-5000:], f"exit code {result.exit_code}", sep="\n")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
