"""Only plain files are opened; a pipe that a person named is read if somebody writes to it."""

import os
import socket
import threading

import pytest

from charrnn.system.files import plain_files
from charrnn.system.files.plain_files import NotPlainError, open_file_or_pipe, open_plain

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, devices and links as Unix has them")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder that is named short enough for a socket."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plain_files, "PATIENCE", 0.1)
    os.mkfifo("pipe")
    (tmp_path / "link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        yield tmp_path


@pytest.mark.parametrize("opened", [open_plain, open_file_or_pipe])
@pytest.mark.parametrize(
    ("name", "kind"),
    [("/dev/zero", "a device"), ("socket", "a socket"), (".", "a folder"), ("pipe", "a pipe"), ("link", "a pipe")],
)
def test_nothing_else_is_opened(place, opened, name, kind):
    with pytest.raises(NotPlainError, match=f"{kind}, not a plain file|a pipe to which nobody writes"):
        opened(place / name)


def test_a_file_is_read_to_its_end(place):
    (place / "file").write_bytes(b"text")
    for opened in (open_plain, open_file_or_pipe):
        with opened(place / "file") as file:
            assert file.read() == b"text"
        with pytest.raises(FileNotFoundError):
            opened(place / "nothing")


def test_a_pipe_to_which_somebody_writes_is_read_to_its_end(place, monkeypatch):
    monkeypatch.setattr(plain_files, "PATIENCE", 30)
    writer = threading.Thread(target=(place / "pipe").write_bytes, args=(b"text" * 50_000,))
    writer.start()
    with open_file_or_pipe(place / "pipe") as file:
        assert file.read() == b"text" * 50_000
    writer.join()


def test_where_the_system_cannot_wait_for_a_pipe_it_is_refused_and_not_opened(place, monkeypatch):
    """CAN_WAIT_FOR_PIPES, and NO_WAIT"""
    monkeypatch.setattr(plain_files, "CAN_WAIT_FOR_PIPES", False)
    monkeypatch.setattr(plain_files, "NO_WAIT", 0)
    with pytest.raises(NotPlainError, match="a pipe, not a plain file"):
        open_file_or_pipe(place / "pipe")
    (place / "file").write_bytes(b"text")
    with open_file_or_pipe(place / "file") as file:
        assert file.read() == b"text"
