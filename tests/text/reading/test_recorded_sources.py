"""The files that a checkpoint names are checked before they are read."""

import os
import sys

import pytest

from charrnn.errors import TextError
from charrnn.text.reading import recorded_sources
from charrnn.text.reading.recorded_sources import require_modest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, devices and links as Unix has them")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of seven entries, where six are allowed."""
    monkeypatch.setattr(recorded_sources, "MAX_ENTRIES", 6)
    (tmp_path / "below").mkdir()
    for name in ("a", "b", "c", "below/d", "below/e", "below/f"):
        (tmp_path / f"{name}.txt").write_text("text\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("source", ["", "**/*.txt", "**", "*/*"])
def test_a_folder_or_pattern_with_too_much_is_refused(folder, source):
    with pytest.raises(TextError, match="more than 6 files and folders"):
        require_modest([str(folder / source)], 100)


@pytest.mark.parametrize(
    "sources", [["below"], ["*.txt"], ["below/*", "a.txt"], ["a.txt", "b.txt"], ["nothing"], ["nothing/*"]]
)
def test_a_small_folder_or_pattern_is_read(folder, sources):
    require_modest([str(folder / source) for source in sources], 100)


def test_several_sources_are_counted_together(folder):
    with pytest.raises(TextError, match="more than 6 files and folders"):
        require_modest([str(folder / "below"), str(folder / "*.txt")], 100)


def test_hidden_folders_and_links_to_folders_are_not_followed(folder):
    (folder / "below").rename(folder / ".below")
    (folder / "up").symlink_to("..")
    require_modest([str(folder)], 100)
    with pytest.raises(TextError, match="up is a link to a folder"):
        require_modest([str(folder / "**")], 100)


def test_a_file_much_larger_than_the_text_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded_sources, "ALWAYS_ALLOWED_BYTES", 100)
    (tmp_path / "t.txt").write_text("x" * 8001, "utf-8")
    with pytest.raises(TextError, match=r"8,001 bytes; the text had 1,000 characters"):
        require_modest([str(tmp_path / "t.txt")], 1000)
    require_modest([str(tmp_path / "t.txt")], 1001)
    require_modest([str(tmp_path / "t.txt")], None)


@pytest.mark.parametrize("source", ["/dev/zero", "pipe"])
def test_special_files_are_refused_without_opening_them(tmp_path, source):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TextError, match="not a plain file"):
        require_modest([str(tmp_path / source)], 100)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's /proc")
@pytest.mark.parametrize("source", ["/proc", "/proc/version", "/proc/*"])
def test_files_outside_real_disks_are_refused(source):
    with pytest.raises(TextError, match="not on a disk"):
        require_modest([source], 100)


def test_invalid_names_are_refused(folder):
    with pytest.raises(TextError):
        require_modest([str(folder / ("x" * 5000))], 100)
    require_modest(["-", "builtin:harbour"], 100)


def test_without_statvfs_every_file_counts_as_one_on_a_disk(folder, monkeypatch):
    """is_on_disk"""
    monkeypatch.delattr(os, "statvfs")
    require_modest([str(folder / "a.txt"), str(folder / "below")], 100)


@pytest.mark.parametrize("known", [True, False])
def test_where_entries_do_not_know_their_disk_it_is_not_asked(folder, monkeypatch, known):
    """ENTRIES_KNOW_THEIR_DISK"""

    class Entry:
        def __init__(self, entry):
            self.name, self.path, self.is_symlink, self.is_dir = entry.name, entry.path, entry.is_symlink, entry.is_dir

        def stat(self):
            return os.stat_result([0] * 10)  # as on Windows

    class Entries(list):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: Entries(map(Entry, scandir(path))))
    monkeypatch.setattr(recorded_sources, "ENTRIES_KNOW_THEIR_DISK", known)
    monkeypatch.setattr(recorded_sources, "MAX_ENTRIES", 100)
    if known:
        with pytest.raises(TextError, match="below is on another disk"):
            require_modest([str(folder)], 100)
    else:
        require_modest([str(folder)], 100)
