"""Where a file that somebody reads can neither be replaced nor removed (CAN_REPLACE_OPEN_FILES), this is tried again."""

import os
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from charrnn.cli.output.files import open_output
from charrnn.cli.writing.saved_text import SavedText
from charrnn.errors import CharrnnError
from charrnn.runs.storage import directory
from charrnn.system.files import folder_handle
from charrnn.system.files.folder_handle import SIDE, Folder
from charrnn.system.files.whole_file import whole_file
from charrnn.text import cache
from charrnn.text.vocabulary import Vocabulary


@pytest.fixture
def busy(monkeypatch):
    """`busy("name", 1)`: the next time, the file of this name is read by somebody, and cannot be replaced or removed."""
    refusals = {}
    monkeypatch.setattr(folder_handle, "CAN_REPLACE_OPEN_FILES", False)
    monkeypatch.setattr(folder_handle, "WAITS", (0, 0, 0))

    def refusing(action):
        def act(*paths, **folders):
            for name in map(os.path.basename, paths):
                if refusals.get(name, 0) > 0:
                    refusals[name] -= 1
                    raise PermissionError(13, "in use", paths[-1])
            action(*paths, **folders)

        return act

    monkeypatch.setattr(os, "replace", refusing(os.replace))
    monkeypatch.setattr(os, "unlink", refusing(os.unlink))
    return refusals.__setitem__


def put(path, name, text, **options):
    with Folder(path) as folder, folder.whole_file(name, **options) as file:
        file.write(text.encode())


def write_file(path, text):
    with whole_file(path) as file:
        file.write(text.encode())


def write_output(path, text):
    """As export, view, plot and all others do."""
    with open_output(path) as file:
        file.write(text.encode())


def write_with_a_person(path, text):
    SavedText(path).save(text)


def write_configuration(path, text):
    folder = Folder(path.parent)
    with directory.writable(folder, path.name), folder.whole_file(path.name) as file:
        file.write(text.encode())


WRITERS = [write_file, write_output, write_with_a_person, write_configuration]


@pytest.mark.parametrize("write", WRITERS)
def test_it_is_written_a_moment_later(tmp_path, busy, write):
    path = tmp_path / "file.txt"
    path.write_text("old")
    busy("file.txt", 3)
    write(path, "new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["file.txt"]


@pytest.mark.parametrize("write", WRITERS)
def test_what_never_works_is_one_line_and_the_old_file_stays_whole(tmp_path, busy, write):
    path = tmp_path / "file.txt"
    path.write_text("old")
    busy("file.txt", 99)
    with pytest.raises((CharrnnError, PermissionError)) as error:
        write(path, "new")
    assert "in use" in str(error.value)
    assert "\n" not in str(error.value)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


@pytest.mark.parametrize(("times", "found"), [(3, True), (99, False)])
def test_an_encoded_text_that_is_read_meanwhile(tmp_path, busy, monkeypatch, times, found):
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path))
    vocabulary, ids = Vocabulary("abc"), np.array([1, 2, 0], "uint8")
    cache.store("0" * 64, vocabulary, iter([ids]), "this text")
    path = cache.ids_path("0" * 64, vocabulary)
    busy(path.name, times)
    advice = "in use; name a folder of your own, with room, in the environment variable"
    with nullcontext() if found else pytest.raises(CharrnnError, match=advice):
        cache.store("0" * 64, vocabulary, iter([ids]), "this text")
    assert cache.load("0" * 64, vocabulary, 3, "this text").tolist() == [1, 2, 0]
    assert [*map(Path, os.listdir(cache.folder()))] == [Path(path.name)]


def test_a_file_that_somebody_reads_is_removed_a_moment_later(tmp_path, busy):
    (tmp_path / "file").write_text("old")
    busy("file", 3)
    Folder(tmp_path).remove("file")
    assert os.listdir(tmp_path) == []


def test_where_such_files_can_be_replaced_nothing_is_tried_twice(tmp_path, busy, monkeypatch):
    monkeypatch.setattr(folder_handle, "CAN_REPLACE_OPEN_FILES", True)
    busy("file", 1)
    with pytest.raises(PermissionError, match="in use"):
        put(tmp_path, "file", "new")


def test_a_previous_file_that_somebody_reads_stays_and_the_new_one_is_written(tmp_path, busy):
    for text in ("1", "2"):
        put(tmp_path, "last", text, previous="previous")
    busy("previous", 99)
    put(tmp_path, "last", "3", previous="previous")
    texts = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert texts == {"last": "3", "previous": "1", f"previous{SIDE}": "2"}
    busy("previous", 0)
    Folder(tmp_path).finish_keeping("last", "previous")
    texts = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert texts == {"last": "3", "previous": "2"}
    put(tmp_path, "last", "4", previous="previous")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"last": "4", "previous": "3"}


def test_without_hard_links_a_file_that_cannot_be_replaced_gets_its_name_back(tmp_path, busy, monkeypatch):
    def no_links(*given, **options):
        raise PermissionError(1, "no links here")

    put(tmp_path, "last", "1", previous="previous")
    monkeypatch.setattr(os, "link", no_links)
    put(tmp_path, "last", "2", previous="previous")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"last": "2", "previous": "1"}
    replace = os.replace

    def refuse(source, target, **folders):
        if os.path.basename(source) == f"last{SIDE}":
            raise PermissionError(13, "in use", target)
        replace(source, target, **folders)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match="in use"):
        put(tmp_path, "last", "3", previous="previous")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"last": "2"}
