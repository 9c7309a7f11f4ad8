"""A long text is encoded into a cache file once, and never mistaken for another text."""

import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import numpy as np
import pytest
from links import needs_links

from charrnn.errors import TextError
from charrnn.text import cache, source_text
from charrnn.text.corpus import build
from charrnn.text.source_text import read_text
from charrnn.text.splits import Split
from charrnn.text.vocabulary import Vocabulary

SPLIT = Split((0.8, 0.1, 0.1))


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(source_text, "IN_MEMORY", 100)
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "cache"))
    assert cache.folder().parent == tmp_path / "cache"
    return cache.folder()


posix = pytest.mark.skipif(os.name != "posix", reason="owners and permissions of POSIX")


def built(path, content=None, min_count=1):
    if content is not None:
        path.write_text(content, "utf-8")
    text = read_text([str(path)])
    return build(text, text.vocabulary(min_count), SPLIT)


@pytest.mark.parametrize("content", ["abc\n" * 100, "".join(map(chr, range(300, 900))) * 2, "é" * 150 + "x" * 151])
@pytest.mark.parametrize("min_count", [1, 2])
def test_a_cache_file_holds_the_same_ids_as_memory(content, min_count, folder, tmp_path, monkeypatch):
    if min_count == 2:
        content += "ß"
    mapped = built(tmp_path / "text", content, min_count)
    assert (
        len([path for path in folder.iterdir() if not path.name.startswith(".")]) == 1
    )  # on Windows its copy is there
    monkeypatch.setattr(source_text, "IN_MEMORY", 10**6)
    in_memory = built(tmp_path / "text", None, min_count)
    np.testing.assert_array_equal(mapped.ids, in_memory.ids)
    assert mapped.ids.dtype == in_memory.ids.dtype
    assert (mapped.sha256, mapped.cuts) == (in_memory.sha256, in_memory.cuts)


def test_a_cache_file_is_written_once_and_a_changed_text_gets_another(folder, tmp_path):
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
    assert cache.ids_path("00", Vocabulary.from_text("ab")) != cache.ids_path("00", Vocabulary.from_text("abc"))
    assert cache.ids_path("00", Vocabulary.from_text("ab")) != cache.ids_path("01", Vocabulary.from_text("ab"))


def test_a_text_that_changes_while_it_is_read_is_refused_and_leaves_nothing(folder, tmp_path):
    (tmp_path / "text").write_text("abc\n" * 100, "utf-8")
    text = read_text([str(tmp_path / "text")])
    (tmp_path / "text").write_text("acb\n" * 100, "utf-8")
    with pytest.raises(TextError, match="changed while it was read"):
        build(text, text.vocabulary(1), SPLIT)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file where a folder should be", "utf-8")
    with pytest.raises(TextError, match=r"cannot be written.*CHARRNN_CACHE_DIR"):
        built(tmp_path / "text", "abc\n" * 100)


def test_bytes_are_cached_too(tmp_path, folder):
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


def age(path, days=3.0):
    no_link = {"follow_symlinks": False} if os.utime in os.supports_follow_symlinks else {}
    os.utime(path, (time.time() - days * 24 * 3600,) * 2, **no_link)


HALF = ".charrnn-0123456789abcdef.tmp"


@pytest.mark.parametrize("old", [HALF, ".charrnn-k3_9xq7z.tmp"])
def test_files_of_a_killed_process_are_removed_after_a_day(folder, tmp_path, old):
    """Of one that wrote, and of one that read a copy, which has a name on Windows."""
    built(tmp_path / "text", "abc\n" * 100)
    young = HALF.replace("0", "1")
    for name in (old, young):
        (folder / name).write_bytes(b"half")
        (folder / name).chmod(0o600)
    age(folder / old)
    built(tmp_path / "text", "acb\n" * 100)
    assert not (folder / old).exists()
    assert (folder / young).exists()


def test_a_half_written_file_bears_the_name_by_which_it_is_removed(folder, tmp_path, monkeypatch):
    seen, whole_file = [], cache.whole_file

    @contextmanager
    def watched(path):
        with whole_file(path) as file:
            seen.extend(os.listdir(folder))
            yield file

    monkeypatch.setattr(cache, "whole_file", watched)
    built(tmp_path / "text", "abc\n" * 100)
    (name,) = seen
    assert cache.HALF_WRITTEN.fullmatch(name)


def test_a_copy_that_has_a_name_bears_one_by_which_it_is_removed(folder, tmp_path, monkeypatch):
    """As on Windows."""
    seen, with_name = [], tempfile.NamedTemporaryFile

    @contextmanager
    def watched(**options):
        with with_name(**options) as file:
            seen.append(os.path.basename(file.name))
            yield file

    monkeypatch.setattr(cache.tempfile, "TemporaryFile", watched)
    built(tmp_path / "text", "abc\n" * 100)
    (name,) = seen
    assert cache.HALF_WRITTEN.fullmatch(name)


def test_nothing_that_is_not_charrnns_own_is_removed(folder, tmp_path):
    """Neither beside its folder nor inside it."""
    folder.mkdir(parents=True, mode=0o700)
    kept = []
    for place in (folder.parent, folder):
        for name in ("thesis.tmp", "old.tmp", "measuring-0123456789abcdef", HALF if place == folder else "x"):
            (place / name / "deep").mkdir(parents=True)
            (place / name / "deep" / "chapter").write_text("years of work", "utf-8")
            kept.append(place / name / "deep" / "chapter")
        for name in (
            "notes.tmp",
            "measuring-",
            HALF.replace("0", "e").upper(),
            HALF + "x",
            HALF[1:],
            HALF.replace("0", "0" * 17),
        ):
            (place / name).write_text("years of work", "utf-8")
            kept.append(place / name)
    (tmp_path / "elsewhere").write_text("years of work", "utf-8")
    link = folder / HALF.replace("0", "2")
    if os.name == "posix":  # on Windows few may make any
        link.symlink_to(tmp_path / "elsewhere")
    for path in (*folder.parent.iterdir(), *folder.iterdir(), tmp_path / "elsewhere"):
        age(path)
    built(tmp_path / "text", "abc\n" * 100)
    assert [path for path in kept if path.read_text("utf-8") != "years of work"] == []
    assert link.is_symlink() == (os.name == "posix")
    assert (tmp_path / "elsewhere").read_text("utf-8") == "years of work"


@posix
def test_the_file_is_this_users_alone_whatever_the_umask_says(folder, tmp_path):
    before = os.umask(0)
    try:
        built(tmp_path / "text", "abc\n" * 100)
    finally:
        os.umask(before)
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@needs_links
def test_writing_follows_no_link(folder, tmp_path, monkeypatch):
    folder.mkdir(parents=True, mode=0o700)
    (tmp_path / "victim").write_text("years of work", "utf-8")
    monkeypatch.setattr(secrets, "token_hex", lambda count: "0" * 2 * count)
    (folder / f".charrnn-{'0' * 16}.tmp").symlink_to(tmp_path / "victim")
    with pytest.raises(TextError, match="cannot be written: File exists"):
        built(tmp_path / "text", "abc\n" * 100)
    assert (tmp_path / "victim").read_text("utf-8") == "years of work"


def planted(folder, tmp_path, ids):
    """A file that another user could have put in the place of a text's cache file, valid by itself."""
    built(tmp_path / "text", "abc\n" * 100)
    vocabulary, sha256 = Vocabulary.from_text("abc\n"), read_text([str(tmp_path / "text")]).sha256
    cache.store(sha256, vocabulary, iter([np.asarray(ids, np.uint8)]), "a text")
    (file,) = folder.iterdir()
    return file


def test_a_file_whose_ids_the_vocabulary_does_not_have_is_made_again(folder, tmp_path):
    planted(folder, tmp_path, [9] * 400)
    assert built(tmp_path / "text").ids[:4].tolist() == [1, 2, 3, 0]


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_writable_by_others_is_written_again(folder, tmp_path, mode):
    file = planted(folder, tmp_path, [0] * 400)
    assert built(tmp_path / "text").ids[:4].tolist() == [0, 0, 0, 0]  # so it would be believed
    file.chmod(mode)
    assert built(tmp_path / "text").ids[:4].tolist() == [1, 2, 3, 0]
    assert file.stat().st_mode & 0o077 == 0


@posix
def test_a_link_to_a_file_is_not_read(folder, tmp_path):
    file = planted(folder, tmp_path, [0] * 400)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert built(tmp_path / "text").ids[:4].tolist() == [1, 2, 3, 0]
    assert (tmp_path / "elsewhere").read_bytes()[:4] == bytes(4)


@posix
def test_a_pipe_is_not_waited_for(folder, tmp_path):
    file = planted(folder, tmp_path, [0] * 400)
    file.unlink()
    os.mkfifo(file)
    assert built(tmp_path / "text").ids[:4].tolist() == [1, 2, 3, 0]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_files_of_another_user_are_neither_read_nor_written(folder, tmp_path):
    file = planted(folder, tmp_path, [0] * 400)
    os.chown(file, 12345, -1)
    assert built(tmp_path / "text").ids[:4].tolist() == [1, 2, 3, 0]
    os.chown(folder, 12345, -1)
    with pytest.raises(TextError, match="another user owns it, or may write there; name a folder of your own"):
        built(tmp_path / "text", "acb\n" * 100)


@posix
def test_a_folder_writable_by_others_is_refused(folder, tmp_path):
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(TextError, match="another user owns it, or may write there"):
        built(tmp_path / "text", "abc\n" * 100)
    assert list(folder.iterdir()) == []
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(TextError, match="it is a link or a file, not a folder"):
        built(tmp_path / "text")


def test_the_file_of_another_text_or_vocabulary_does_not_pass_for_this_one(folder, tmp_path):
    built(tmp_path / "text", "abc\n" * 100)
    (first,) = folder.iterdir()
    built(tmp_path / "text", "acb\n" * 100)
    (second,) = set(folder.iterdir()) - {first}
    second.write_bytes(first.read_bytes())
    assert built(tmp_path / "text").ids[:4].tolist() == [1, 3, 2, 0]


CUT_SHORT = """
import os, sys
from charrnn.text import cache, corpus, source_text
from charrnn.text.splits import Split
source_text.IN_MEMORY = 100
text = source_text.read_text([sys.argv[1]])
ids = corpus.build(text, text.vocabulary(1), Split((0.8, 0.1, 0.1))).ids
for name in os.listdir(cache.folder()):
    os.truncate(cache.folder() / name, 0)
print(ids.sum())
"""


@pytest.mark.skipif(os.name == "nt", reason="an open copy cannot be cut short")
def test_truncating_a_cache_file_does_not_harm_its_readers(folder, tmp_path):
    (tmp_path / "text").write_text("ab" * 100_000, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", CUT_SHORT, str(tmp_path / "text")], capture_output=True, encoding="utf-8"
    )
    assert (done.returncode, done.stdout) == (0, "100000\n"), done.stderr
    assert len(built(tmp_path / "text").ids) == 200_000


def test_a_failed_copy_is_reported(folder, tmp_path, monkeypatch):
    built(tmp_path / "text", "abc\n" * 100)

    def full(**options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.tempfile, "TemporaryFile", full)
    with pytest.raises(
        TextError, match=r"a text of more than 100 characters is kept .*No space left.*" + cache.FOLDER_VARIABLE
    ):
        built(tmp_path / "text")


def test_it_leaves_nothing_but_the_files(folder, tmp_path):
    built(tmp_path / "text", "abc\n" * 100)
    (name,) = os.listdir(folder)
    assert re.fullmatch(r"[0-9a-f]{32}\.uint8", name)


def test_where_files_have_no_owners_the_folder_of_the_user_is_trusted(folder, tmp_path, monkeypatch):
    """HAVE_OWNERS"""
    monkeypatch.setattr(cache, "HAVE_OWNERS", False)
    for name in ("geteuid", "fchmod"):
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(cache, "NO_LINK", 0)
    place = cache.folder()
    assert place.name == "charrnn-texts"
    first = built(tmp_path / "text", "abc\n" * 100)
    (file,) = (file for file in place.iterdir() if not file.name.startswith("."))  # on Windows there is a copy, too
    written = file.stat().st_mtime_ns
    second = built(tmp_path / "text")
    assert first.ids.tolist() == second.ids.tolist()
    assert file.stat().st_mtime_ns == written
