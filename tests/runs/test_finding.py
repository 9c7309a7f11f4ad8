"""A run is found by its path, by its name in runs/, or as the newest."""

import os
import shutil
from pathlib import Path

import pytest

from charrnn.errors import RunError, TextError
from charrnn.models.loading import load
from charrnn.runs.finding import find_run, newest_run, newest_unfinished_run, refuse_runs


@pytest.fixture
def runs(monkeypatch, tmp_path, trained_once):
    """runs/harbour and, newer, runs/play, both finished, in the present folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for age, name in enumerate(["play", "harbour"]):
        copy = Path(shutil.copytree(trained_once, folder / "runs" / name))
        for file in copy.iterdir():
            os.utime(file, (10**9 - age, 10**9 - age))
    return folder


def message(run, **options):
    with pytest.raises(RunError) as error:
        find_run(run, **options)
    return str(error.value).replace(os.sep, "/")


@pytest.mark.parametrize("run", ["harbour", "runs/harbour", "runs/harbour/", "harbour/best.safetensors"])
def test_a_name_in_runs_is_found(runs, run):
    assert find_run(run).exists()
    assert find_run(run).parts[:2] == ("runs", "harbour")


def test_a_model_is_loaded_by_its_name(runs):
    assert load("harbour").notes == load("runs/harbour").notes


def test_a_path_that_exists_as_written_wins(runs):
    shutil.copytree("runs/play", "harbour")
    assert find_run("harbour") == Path("harbour")


def test_a_folder_that_is_no_run_names_the_run(runs):
    Path("harbour").mkdir()
    assert message("harbour") == "harbour: a folder, not a run; did you mean runs/harbour?"


@pytest.mark.parametrize("run", ["harbor", "runs/harbor", "Harbour2"])
def test_a_similar_run_is_named(runs, run):
    kind = "name a run directory, or a .safetensors checkpoint"
    assert message(run) == f"{run}: no such run; {kind}; did you mean runs/harbour?"


def test_otherwise_the_newest_are_named(runs):
    assert message("zzz").endswith("; runs in runs: play, harbour")


def test_a_folder_of_runs_is_no_run(runs):
    assert message("runs") == "runs: a folder of runs, not a run; name one of them: runs/play, runs/harbour"


def test_a_text_is_no_run(runs):
    Path("new.txt").write_text("new", "utf-8")
    assert message("new.txt") == "new.txt: a file, not a run; to train one on it: charrnn train new.txt"
    assert message("builtin:names").endswith("; to train one on it: charrnn train builtin:names")
    assert find_run("new.txt", any_file=True) == Path("new.txt")


def test_a_text_names_the_runs_that_were_trained_on_it(runs, trained_once):
    assert message(trained_once.with_name("text.txt")).endswith("; trained on it: runs/play, runs/harbour")


def test_a_file_of_a_run_names_it(runs):
    assert message("runs/play/config.yaml") == "runs/play/config.yaml: a file of a run; name the run: runs/play"


def test_the_newest_run(runs, shipped_english):
    assert newest_run() == Path("runs/play")
    shutil.rmtree("runs")
    line = "there is no run in runs/; train one: charrnn train"
    with pytest.raises(RunError, match=f"^{line}; without a training: charrnn sample builtin:english$"):
        newest_run()
    shipped_english.unlink()
    with pytest.raises(RunError, match=f"^{line}$"):
        newest_run()


def test_the_newest_run_that_can_go_on(runs, trained_once):
    with pytest.raises(RunError, match=r"^there is no unfinished run in runs/; it holds runs.play, runs.harbour$"):
        newest_unfinished_run()
    assert newest_unfinished_run(also_finished=True) == Path("runs/play")
    assert newest_unfinished_run([str(trained_once.with_name("text.txt"))], True) == Path("runs/play")
    with pytest.raises(RunError, match=r"^there is no run that was trained on other.txt in runs/"):
        newest_unfinished_run(["other.txt"], also_finished=True)


@pytest.mark.parametrize("source", ["runs/play", "play", "runs/play/last.safetensors"])
def test_a_run_is_no_text(runs, source):
    with pytest.raises(TextError, match=f"^{source}: a run, not a text"):
        refuse_runs([source])


def test_a_text_of_a_like_name_comes_first(runs):
    Path("play.txt").write_text("text", "utf-8")
    refuse_runs(["play", "play.txt"])
