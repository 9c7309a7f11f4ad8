"""`train`: its texts, from folders, through the cache, with documents, and what the run is called."""

import json
import os

import pytest
from refusals import refused
from tiny import OPTIONS as TINY

from charrnn.text import source_text


def test_training_on_a_folder_that_holds_runs_reads_only_the_texts(charrnn, text_file, tmp_path):
    (tmp_path / "cwd" / "letters.txt").write_text(text_file.read_text("utf-8"), "utf-8")
    assert charrnn("train", ".", *TINY, "-o", "runs/one").exit_code == 0
    assert charrnn("train", "--resume", "runs/one", "--steps", "22").exit_code == 0
    assert "1,200 characters" in charrnn("train", ".", *TINY, "-o", "runs/two").stderr


def test_a_long_text_trains_from_a_file_and_says_where_it_is(charrnn, text_file, monkeypatch, tmp_path):

    monkeypatch.setattr(source_text, "IN_MEMORY", 100)
    monkeypatch.setenv("CHARRNN_CACHE_DIR", str(tmp_path / "cache"))
    result = charrnn("train", text_file, *TINY, "-o", "r")
    assert result.exit_code == 0
    (file,) = (tmp_path / "cache").glob("charrnn-texts*/[!.]*")  # on Windows there is a copy, too
    assert str(file) in result.stderr
    assert charrnn("train", "--resume", "r", "--steps", "25").exit_code == 0


@pytest.mark.slow
def test_without_a_writable_cache_only_long_texts_are_refused(charrnn, text_file, monkeypatch, tmp_path):
    from charrnn.text.reading import sources

    (tmp_path / "home").write_text("a file: nothing can be made in it", "utf-8")
    monkeypatch.setenv("CHARRNN_CACHE_DIR", str(tmp_path / "home"))
    text = text_file.read_bytes()
    assert charrnn("train", text_file, *TINY[:-2], "--time", "2s", "-q", "-o", "a").exit_code == 0
    assert charrnn("train", "-", *TINY, "-q", "-o", "b", stdin=text).exit_code == 0
    monkeypatch.setattr(sources, "SPOOLED", 1000)
    kept = "standard input of more than 0 MiB is kept"
    refused(charrnn("train", "-", *TINY, "-o", "c", stdin=text), 1, kept, "CHARRNN_CACHE_DIR")
    monkeypatch.setattr(source_text, "IN_MEMORY", 100)
    kept = "a text of more than 100 characters is kept"
    refused(charrnn("train", text_file, *TINY, "-o", "c"), 1, kept, "CHARRNN_CACHE_DIR")
    assert sorted(os.listdir()) == ["a", "b"]


def test_a_document_ends_by_itself(charrnn, text_file):
    trained = charrnn(
        "train", text_file, "-s", r"data.boundary=\n", "-s", "model.hidden_size=8", "--steps", 5, "-o", "r"
    )
    assert "60 documents, the longest 34 characters" in trained.stderr
    one = charrnn("sample", "r", "--seed", 3, "-n", 0)
    found = json.loads(charrnn("sample", "r", "--seed", 3, "-n", 0, "--count", 4, "--json").stdout)
    assert {sample["finish"] for sample in found} == {"stop"}
    assert one.stdout == found[0]["text"] + "\n"
    assert charrnn("sample", "r", "--seed", 3, "-n", 0, "--count", 2).exit_code == 0


@pytest.mark.parametrize("boundary", ["---", "#", "!", "~", "§ # §", "%", "@", "&", "::", '"', r"\*\*\*"])
def test_a_boundary_is_used_as_typed(charrnn, tmp_path, boundary):
    text = tmp_path / "text.txt"
    text.write_bytes(f"one\n{boundary.replace(chr(92), '')}\ntwo\n".encode() * 40)
    plan = charrnn("train", text, "--dry-run", "--json", "-s", f"data.boundary={boundary}")
    found = json.loads(plan.stdout)
    assert found["config"]["data"]["boundary"] == boundary
    assert found["notes"][0].startswith("41 documents")
