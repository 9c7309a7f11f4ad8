"""A run is called after its text, in any script, on any system."""

import itertools
import os

import pytest

from charrnn.runs.planning.run_name import run_name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("play.txt", "play"),
        ("play.TXT", "play"),
        ("play", "play"),
        ("song [live].txt", "song-live"),
        ("हिन्दी.txt", "हिन्दी"),
        ("ภาษาไทย.txt", "ภาษาไทย"),
        ("עִבְרִית.md", "עִבְרִית"),
        ("Vol. 2 - The Sea.txt", "Vol-2-The-Sea"),
        ("Vol. 2", "Vol-2"),
        ("cafe\u0301.txt", "caf\u00e9"),
        ("book.txt.gz", "book"),
        ("book.tar.XZ", "book"),
        ("book.gz", "book"),
        ("version 1.2", "version-1-2"),
        ("St.Ives", "St-Ives"),
        ("notes_2.md", "notes_2"),
        ("a--b!?.txt", "a-b"),
        ("...", "run"),
        (".hidden", "hidden"),
        ("🎉.txt", "run"),
        ("❤\ufe0f.txt", "run"),
        ("we ❤\ufe0f it.txt", "we-it"),
        ("-", "stdin"),
        ("con.txt", "con-text"),
        ("LPT1", "LPT1-text"),
        ("console.txt", "console"),
        ("می‌خواهم.txt", "می-خواهم"),
        ("builtin:names", "names"),
        ("a" * 250, "a" * 120),
        ("é" * 100, "é" * 60),
        ("नि" * 40, "नि" * 20),
        ("x" + "नि" * 40, "x" + "नि" * 19),
    ],
    ids=itertools.count(),
)
def test_a_name_is_made_of_letters_digits_and_marks(tmp_path, monkeypatch, file, name):
    monkeypatch.chdir(tmp_path)
    if file not in ("-", "...", "builtin:names"):
        try:
            (tmp_path / file).touch()
        except OSError:
            pytest.skip("this system takes no such name")
    assert run_name(file) == name
    assert len(name.encode()) <= 125


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("my [old] folder/*.txt", "my-old-folder"),
        ("my [old] folder", "my-old-folder"),
        ("v1.x/**/*.md", "v1-x"),
        ("v1.x", "v1-x"),
    ],
)
def test_a_pattern_is_called_after_its_folder(tmp_path, pattern, name):
    for folder in ("my [old] folder", "v1.x"):
        (tmp_path / folder).mkdir()
    assert run_name(str(tmp_path / pattern)) == name


@pytest.mark.skipif(os.name == "nt", reason="a name that Windows does not have")
def test_a_file_whose_name_is_a_pattern_is_a_file(tmp_path):
    (tmp_path / "what*.txt").touch()
    assert run_name(str(tmp_path / "what*.txt")) == "what"
