"""Only plain files are opened; a pipe that a person named is read if somebody writes to it."""

import os
import socket
import threading

import pytest

from charrnn.system.plain_files import NotPlainError, open_plain
from charrnn.text.reading import text_file
from charrnn.text.reading.text_file import open_named

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, devices and links as Unix has them")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder that is named short enough for a socket."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(text_file, "PATIENCE", 0.1)
    os.mkfifo("pipe")
    (tmp_path / "link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        yield tmp_path


@pytest.mark.parametrize("opened", [open_plain, open_named])
@pytest.mark.parametrize(
    ("name", "kind"),
    [("/dev/zero", "a device"), ("socket", "a socket"), (".", "a folder"), ("pipe", "a pipe"), ("link", "a pipe")],
)
def test_nothing_else_is_opened(place, opened, name, kind):
    with pytest.raises(NotPlainError, match=f"{kind}, not a plain file|a pipe to which nobody writes"):
        opened(place / name)


def test_a_file_is_read_to_its_end(place):
    (place / "file").write_bytes(b"text")
    for opened in (open_plain, open_named):
        with opened(place / "file") as file:
            assert file.read() == b"text"
        with pytest.raises(FileNotFoundError):
            opened(place / "nothing")


def test_a_pipe_to_which_somebody_writes_is_read_to_its_end(place, monkeypatch):
    monkeypatch.setattr(text_file, "PATIENCE", 30)
    writer = threading.Thread(target=(place / "pipe").write_bytes, args=(b"text" * 50_000,))
    writer.start()
    with open_named(place / "pipe") as file:
        assert file.read() == b"text" * 50_000
    writer.join()


def test_a_file_of_which_more_is_always_to_come_is_not_waited_for(place):
    """As /proc/kmsg, for who may read it."""
    (place / "file").write_bytes(b"text")
    with text_file.TextFile(place / "file") as file:
        file._raw.close()
        file._raw = file._file = open_plain(place / "file")
        file._file.read = lambda size: None
        with pytest.raises(NotPlainError, match="a device, not a plain file"):
            file.read(10)
