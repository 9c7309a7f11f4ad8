"""`charrnn runs`."""

import json
import os
import shutil
import time

import on_terminal
import pytest
from refusals import refused

from charrnn.cli.reports.runs import time_in_words

NAMES = [
    "path", "name", "changed", "state", "text", "cell", "hidden_size", "num_layers", "step", "steps", "best_loss", "ngram_loss",
    "unit", "problem",
]  # fmt: skip


@pytest.fixture
def runs(tiny_run, tmp_path):
    """A folder of runs below the folder of the command: one finished, one damaged, one of a sweep."""
    folder = tmp_path / "cwd" / "runs"
    for number, name in enumerate(("a-play", "b-damaged", os.path.join("sweep", "cell=lstm"))):
        shutil.copytree(tiny_run, folder / name)
        for path in (folder / name).iterdir():
            os.utime(path, (time.time() - 400 + 100 * number,) * 2)
    for path in (folder / "b-damaged").glob("*.safetensors"):
        path.write_bytes(b"\x1b[2J")
        os.utime(path, (time.time() - 300,) * 2)
    return folder


def test_the_runs_are_listed_newest_first(charrnn, runs):
    result = charrnn("runs")
    assert result.exit_code == 0
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines() if "│" in line]
    assert [row[0] for row in rows] == [os.path.join("sweep", "cell=lstm"), "b-damaged", "a-play"]
    _, text, network, step, loss, ngram, when, state = rows[2]
    assert (text, network, step, when, state) == ("text.txt", "rnn 16", "20 of 20", "7 minutes ago", "finished")
    assert 0 < float(ngram) < float(loss)
    assert rows[1][1:] == ["", "", "", "", "", "5 minutes ago", "damaged"]
    assert (
        result.stderr.replace("\\", "/")
        == "runs/b-damaged/previous.safetensors: damaged: not a safetensors file, or cut off\n"
    )


def test_a_folder_may_be_named(charrnn, runs):
    expected = json.loads(charrnn("runs", "--json").stdout)
    found = json.loads(charrnn("runs", runs, "--json").stdout)
    assert [run["name"] for run in found] == [run["name"] for run in expected]
    assert [run["name"] for run in json.loads(charrnn("runs", "runs/sweep", "--json").stdout)] == ["cell=lstm"]


def test_json_has_stable_names(charrnn, runs):
    found = json.loads(charrnn("runs", "--json").stdout)
    assert [list(run) for run in found] == [NAMES] * 3
    assert (found[0]["path"], found[0]["state"], found[0]["steps"]) == (
        os.path.join("runs", "sweep", "cell=lstm"),
        "finished",
        20,
    )
    assert found[1]["state"] == "damaged"
    assert "not a safetensors file" in found[1]["problem"]
    assert found[0]["changed"].endswith("+00:00")


def test_without_runs_a_line_says_how_to_begin(charrnn, tmp_path):
    for _ in range(2):
        result = charrnn("runs")
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == "runs: no runs yet; to begin one type: charrnn train TEXT\n"
        assert charrnn("runs", "--json").stdout == "[]\n"
        (tmp_path / "cwd" / "runs").mkdir(exist_ok=True)
    refused(charrnn("runs", "nowhere"), 1, "nowhere: no such folder; to begin a run type: charrnn train TEXT")


def test_a_checkpoint_is_not_a_folder(charrnn, tiny_run):
    file = tiny_run / "last.safetensors"
    refused(
        charrnn("runs", file), 1, f"{file}: a file, not a folder of runs; for a checkpoint type: charrnn info {file}"
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_of_any_width_shows_whole_figures(monkeypatch, runs, width):
    monkeypatch.chdir(runs.parent)
    code, shown = on_terminal.run(monkeypatch, width, "runs")
    assert code == 0
    lines = shown.splitlines()
    assert max(len(line) for line in lines if not line.startswith("runs/")) <= width
    assert "20 of 20" in shown
    assert "finished" in shown
    assert "\x1b" not in shown


@pytest.mark.skipif(os.name == "nt", reason="a name that Windows does not have")
def test_a_strangers_names_do_not_move_the_terminal(monkeypatch, tiny_run, tmp_path):
    tiny_run.rename(tmp_path / "ru\x1b[2Jn")
    code, shown = on_terminal.run(monkeypatch, 120, "runs", tmp_path)
    assert code == 0
    assert "ru␛[2Jn" in shown
    assert "\x1b" not in shown


def test_times_are_said_as_a_person_says_them():
    now = 1e9
    found = [time_in_words(now - ago, now) for ago in (0, 59, 3600, 5 * 3600, 86400, 3 * 86400)]
    assert found == ["just now", "a minute ago", "an hour ago", "5 hours ago", "a day ago", "3 days ago"]
    assert time_in_words(now - 40 * 86400, now).startswith("2001-07-")
    assert time_in_words(now + 99999, now).startswith("2001-09-")
