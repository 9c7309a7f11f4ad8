"""Texts on the command line: folders, values of text keys, names."""

import json
import os
from pathlib import Path

import pytest
from tiny import TINY as SETTINGS

TINY = [word for setting in SETTINGS for word in ("-s", setting)]


def evaluated(result):
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_every_command_reports_skipped_files_of_a_folder(charrnn, tiny_run, text_file, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text(text_file.read_text("utf-8"), "utf-8")
    (folder / "letter.rtf").write_text("{\\rtf1 hello}", "utf-8")
    note = f"{folder}: 1 file read (1 .txt); left out 1: a rich text document (RTF) (letter.rtf)"
    for command in (
        ["train", folder, *TINY],
        ["eval", tiny_run, folder],
        ["score", tiny_run, folder],
        ["view", tiny_run, folder, "-o", "p.html"],
        ["gradflow", tiny_run, folder, "--lags", "5", "--positions", "1"],
    ):
        done = charrnn(*command)
        assert done.exit_code == 0, done.stderr
        assert note in done.stderr
    plan = charrnn("train", folder, *TINY, "--dry-run")
    assert f"{folder}: left out: letter.rtf: a rich text document (RTF)" in plan.stdout
    assert f"{folder}: read: a.txt" in plan.stdout
    found = json.loads(charrnn("train", folder, *TINY, "--dry-run", "--json").stdout)["files"][str(folder)]
    assert found["read"] == [str(folder / "a.txt")]
    assert found["left_out"] == [{"file": str(folder / "letter.rtf"), "reason": "a rich text document (RTF)"}]


@pytest.mark.slow
def test_a_grid_of_texts_is_used_as_typed(charrnn, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("one\n---\ntwo, three\n§ # §\n" * 40, "utf-8")
    done = charrnn("sweep", "default", text, *TINY, "--grid", r"data.boundary=---,§ # §,\, ", "-o", "s", "--json")
    assert done.exit_code == 0, done.stderr
    assert {row["values"]["data.boundary"] for row in json.loads(done.stdout)} == {"---", "§ # §", ", "}


@pytest.mark.skipif(os.name == "nt", reason="brackets and all")
def test_runs_are_called_after_their_texts(charrnn, monkeypatch):
    Path("all [1]").mkdir()
    monkeypatch.chdir("all [1]")
    for file, run in (
        ("song [live].txt", "song-live"),
        ("हिन्दी.txt", "हिन्दी"),
        ("Vol. 2 - The Sea.txt", "Vol-2-The-Sea"),
    ):
        Path(file).write_text("The boat goes out.\n" * 20, "utf-8")
        assert charrnn("train", file, *TINY, "-q").stdout == f"runs/{run}\n"
    Path("my [old] folder").mkdir()
    Path("song [live].txt").rename("my [old] folder/a.txt")
    assert charrnn("train", "my [old] folder/*.txt", *TINY, "-q").stdout == "runs/my-old-folder\n"
    assert evaluated(charrnn("eval", "runs/my-old-folder", "--json"))["unknown"] == 0  # found again by its pattern
