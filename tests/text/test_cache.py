"""A long text is encoded into a file, once, and never taken for another."""

import os
import time

import numpy as np
import pytest

from charrnn.errors import TextError
from charrnn.text import cache, corpus
from charrnn.text.corpus import build, read_text
from charrnn.text.splits import Split
from charrnn.text.vocabulary import Vocabulary

SPLIT = Split((0.8, 0.1, 0.1))


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(corpus, "IN_MEMORY", 100)
    monkeypatch.setenv(cache.PLACE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def built(path, content=None, min_count=1):
    if content is not None:
        path.write_text(content, "utf-8")
    text = read_text([str(path)])
    return build(text, text.vocabulary(min_count), SPLIT)


@pytest.mark.parametrize("content", ["abc\n" * 100, "".join(map(chr, range(300, 900))) * 2, "é" * 150 + "x" * 151])
@pytest.mark.parametrize("min_count", [1, 2])
def test_a_file_holds_what_memory_would(content, min_count, folder, tmp_path, monkeypatch):
    if min_count == 2:
        content += "ß"
    mapped = built(tmp_path / "text", content, min_count)
    assert len(list(folder.iterdir())) == 1
    monkeypatch.setattr(corpus, "IN_MEMORY", 10**6)
    in_memory = built(tmp_path / "text", None, min_count)
    np.testing.assert_array_equal(mapped.ids, in_memory.ids)
    assert mapped.ids.dtype == in_memory.ids.dtype
    assert (mapped.sha256, mapped.cuts) == (in_memory.sha256, in_memory.cuts)


def test_it_is_written_once_and_a_changed_text_gets_its_own(folder, tmp_path):
    built(tmp_path / "text", "abc\n" * 100)
    (file,) = folder.iterdir()
    before = file.stat().st_mtime_ns
    assert built(tmp_path / "text").ids[:4].tolist() == [1, 2, 3, 0]
    assert file.stat().st_mtime_ns == before
    assert built(tmp_path / "text", "acb\n" * 100).ids[:4].tolist() == [1, 3, 2, 0]
    assert len(list(folder.iterdir())) == 2


def test_a_file_that_was_cut_short_is_made_again(folder, tmp_path):
    built(tmp_path / "text", "abc\n" * 100)
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert len(built(tmp_path / "text").ids) == 400


def test_another_vocabulary_gets_another_file():
    assert cache.path_of("00", Vocabulary.of_text("ab")) != cache.path_of("00", Vocabulary.of_text("abc"))
    assert cache.path_of("00", Vocabulary.of_text("ab")) != cache.path_of("01", Vocabulary.of_text("ab"))


def test_a_text_that_changes_while_it_is_read_is_refused_and_leaves_nothing(folder, tmp_path):
    (tmp_path / "text").write_text("abc\n" * 100)
    text = read_text([str(tmp_path / "text")])
    (tmp_path / "text").write_text("acb\n" * 100)
    with pytest.raises(TextError, match="changed while it was read"):
        build(text, text.vocabulary(1), SPLIT)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(TextError, match=r"cannot be written.*CHARRNN_CACHE_DIR"):
        built(tmp_path / "text", "abc\n" * 100)


def test_bytes_too(tmp_path, folder):
    (tmp_path / "text").write_bytes(bytes(range(256)) * 2)
    text = read_text([str(tmp_path / "text")], unit="byte")
    assert build(text, text.vocabulary(1), SPLIT).ids.tolist() == [*range(256)] * 2
    assert len(list(folder.iterdir())) == 1


def test_a_file_of_other_bytes_is_made_again(folder, tmp_path):
    """As a power cut can leave it: of the right length, and zeros."""
    right = built(tmp_path / "text", "abc\n" * 100).ids.copy()
    (file,) = folder.iterdir()
    file.write_bytes(bytes(file.stat().st_size))
    np.testing.assert_array_equal(built(tmp_path / "text").ids, right)


def test_what_a_killed_process_left_is_removed_after_a_day(folder, tmp_path):
    folder.mkdir()
    for name, age in (("old.tmp", 2 * cache.ABANDONED), ("new.tmp", 0)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age,) * 2)
    built(tmp_path / "text", "abc\n" * 100)
    assert [path.name for path in folder.glob("*.tmp")] == ["new.tmp"]
