"""A directory handle: files are written into the directory under any name, and never through a link."""

import errno
import os
import pickle
import shutil
import sys
from types import SimpleNamespace

import pytest
from links import needs_links

from charrnn.system.files import folder_handle as module
from charrnn.system.files import folder_path
from charrnn.system.files.folder_handle import Folder
from charrnn.system.files.whole_file import whole_file
from charrnn.system.platform_features import CAN_HOLD_FOLDERS

holds = pytest.mark.skipif(
    not CAN_HOLD_FOLDERS, reason="a directory cannot be held here, nor renamed while a file in it is open"
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "old").mkdir()
    with Folder(tmp_path / "old") as folder:
        yield folder


def put(folder, name, text, previous=None):
    with folder.whole_file(name, previous) as file:
        file.write(text.encode())


@holds
def test_a_renamed_folder_is_written_under_its_new_name_only(folder, tmp_path):
    put(folder, "last", "one")
    (tmp_path / "old").rename(tmp_path / "new")
    (tmp_path / "old").mkdir()
    put(folder, "last", "two", previous="previous")
    with folder.append_to("lines") as file:
        file.write(b"a line")
    with folder.subfolder("below") as below:
        (tmp_path / "new").rename(tmp_path / "newer")
        put(below, "x", "deep")
        assert below.path == tmp_path / "newer" / "below"
    (tmp_path / "newer").rename(tmp_path / "new")
    assert folder.path == tmp_path / "new"
    assert folder.names() == ["below", "last", "lines", "previous"]
    assert folder.read("previous").read() == b"one"
    folder.remove("last")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["below", "lines", "previous"]
    assert list((tmp_path / "old").iterdir()) == []
    folder.close()
    assert folder.path == tmp_path / "new"


@holds
def test_a_name_below_this_one_is_shown_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.makedirs("runs/x")
    with Folder(tmp_path / "runs" / "x") as whole, Folder(whole.path.relative_to(tmp_path)) as folder:
        assert str(folder.path) == "runs/x"
        os.rename("runs/x", "y")
        assert str(folder.path) == "y"
        assert whole.path == tmp_path / "y"
        monkeypatch.chdir("y")
        assert folder.path == tmp_path / "y" or str(folder.path) == "."


@holds
def test_a_folder_that_is_removed_is_gone_and_one_that_is_renamed_is_not(folder, tmp_path):
    assert not folder.is_missing
    (tmp_path / "old").rename(tmp_path / "new")
    assert not folder.is_missing
    shutil.rmtree(tmp_path / "new")
    assert folder.is_missing
    (tmp_path / "old").mkdir()
    assert folder.is_missing
    with pytest.raises(FileNotFoundError):
        put(folder, "x", "y")
    assert list((tmp_path / "old").iterdir()) == []


def test_another_process_has_the_name_alone(folder, tmp_path):
    sent = pickle.loads(pickle.dumps(folder))
    assert (sent.path, sent.descriptor) == (tmp_path / "old", None)
    put(folder, "x", "y")
    assert sent.read("x").read() == b"y"


@needs_links
def test_no_link_is_written_through(folder, tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_text("years of work", "utf-8")
    for name in ("file", "side.tmp", "whole", "whole.tmp"):
        (folder.path / name).symlink_to(victim / "file")
    (folder.path / "below").symlink_to(victim)
    with pytest.raises(OSError, match="is a link, and links are not followed here"):
        folder.append_to("file")
    with pytest.raises(OSError, match="is a link, and links are not followed here"):
        folder.subfolder("below")
    with pytest.raises(FileExistsError):
        folder.create("side.tmp")
    put(folder, "whole", "new")
    assert not (folder.path / "whole").is_symlink()
    assert folder.read("whole").read() == b"new"
    assert (victim / "file").read_text("utf-8") == "years of work"
    assert os.listdir(victim) == ["file"]


@needs_links
def test_a_link_that_comes_between_the_look_and_the_opening_is_not_followed_either(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(Folder, "refuse_link", lambda folder, name: None)
    (tmp_path / "elsewhere").mkdir()
    (folder.path / "lines").symlink_to(tmp_path / "victim")
    (folder.path / "below").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        folder.append_to("lines")
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        folder.subfolder("below")
    assert not (tmp_path / "victim").exists()


@needs_links
def test_a_file_with_a_second_name_elsewhere_becomes_one_of_its_own(folder, tmp_path):
    (tmp_path / "backup").write_text("before\n", "utf-8")
    os.link(tmp_path / "backup", folder.path / "lines")
    with folder.append_to("lines") as file:
        file.write(b"after\n")
    assert folder.read("lines").read() == b"before\nafter\n"
    assert (tmp_path / "backup").read_text("utf-8") == "before\n"
    assert folder.names() == ["lines"]


@needs_links
def test_only_a_file_is_appended_to(folder):
    os.mkfifo(folder.path / "lines")
    with pytest.raises(OSError, match="not a regular file"):
        folder.append_to("lines")


def test_in_somebodys_own_folder_nothing_but_the_file_is_touched(tmp_path):
    for name in ("plot.svg.tmp", "plot.svg"):
        (tmp_path / name).write_text("precious", "utf-8")
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "plot.svg"):
        raise KeyboardInterrupt
    assert (tmp_path / "plot.svg").read_text("utf-8") == "precious"
    with whole_file(tmp_path / "plot.svg") as file:
        file.write(b"new")
    assert (tmp_path / "plot.svg").read_text("utf-8") == "new"
    assert (tmp_path / "plot.svg.tmp").read_text("utf-8") == "precious"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_longest_name_can_be_written(tmp_path):
    with whole_file(tmp_path / ("x" * 255)) as file:
        file.write(b"new")
    assert (tmp_path / ("x" * 255)).read_text("utf-8") == "new"


@needs_links
@pytest.mark.parametrize("links", [True, False])
def test_an_existing_name_is_not_replaced_without_permission(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    mine = tmp_path / "plot.svg"
    with pytest.raises(FileExistsError), whole_file(mine, replace=False):
        mine.symlink_to("nowhere")
    assert mine.is_symlink()
    mine.unlink()
    with whole_file(mine, replace=False) as file:
        file.write(b"new")
    assert mine.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["plot.svg"]
    assert mine.stat().st_nlink == 1


def no_links(*given, **options):
    raise PermissionError(errno.EPERM, "no links here")


@pytest.fixture
def named(folder, monkeypatch):
    """The same directory where it cannot be held: CAN_HOLD_FOLDERS; nor are there FOLDER_ONLY and NO_LINK."""
    monkeypatch.setattr(module, "CAN_HOLD_FOLDERS", False)
    monkeypatch.setattr(module, "FOLDER_ONLY", 0)
    monkeypatch.setattr(module, "NO_LINK", 0)
    return Folder(folder.path)


def test_where_a_directory_cannot_be_held_its_name_serves(named):
    put(named, "last", "one")
    put(named, "last", "two", previous="previous")
    with named.append_to("lines") as lines, named.subfolder("below") as below, below.reopen() as again:
        lines.write(b"a line")
        put(again, "x", "deep")
    assert named.descriptor is below.descriptor is None
    assert named.names() == ["below", "last", "lines", "previous"]
    assert (named.path / "below" / "x").read_text() == "deep"
    assert named.inode == os.stat(named.path).st_ino
    with named.read("previous") as file:
        assert file.read() == b"one"
    shutil.rmtree(named.path)
    assert named.is_missing


def test_without_holding_too_a_directory_must_be_there(named, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileNotFoundError):
        Folder(tmp_path / "none")
    with pytest.raises(NotADirectoryError):
        Folder(tmp_path / "file")


@needs_links
def test_without_o_nofollow_a_link_is_refused_when_it_is_seen(named, tmp_path):
    (named.path / "lines").symlink_to(tmp_path / "victim")
    (named.path / "below").symlink_to(tmp_path)
    with pytest.raises(OSError, match="is a link, and links are not followed here"):
        named.append_to("lines")
    with pytest.raises(OSError, match="is a link, and links are not followed here"):
        named.subfolder("below")
    assert not (tmp_path / "victim").exists()


@holds
def test_a_system_that_cannot_say_where_a_directory_is_gives_its_name_as_it_was(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(folder_path, "OPEN_FILES_FOLDER", str(tmp_path / "none"))
    (tmp_path / "old").rename(tmp_path / "new")
    assert folder.path == tmp_path / "old"
    put(folder, "x", "y")
    assert (tmp_path / "new" / "x").read_text() == "y"


@holds
def test_macos_is_asked_where_a_directory_is(folder, tmp_path, monkeypatch):
    (tmp_path / "old").rename(tmp_path / "new")
    answer = os.fsencode(tmp_path / "new").ljust(1024, b"\0")
    fcntl = SimpleNamespace(F_GETPATH=50, fcntl=lambda descriptor, command, buffer: answer)
    monkeypatch.setattr(folder_path, "IS_MACOS", True)
    monkeypatch.setitem(sys.modules, "fcntl", fcntl)
    assert folder.path == tmp_path / "new"
