"""A file is read to its end, without waiting for more."""

import pytest

from charrnn.system.files.plain_files import NotPlainError, open_plain
from charrnn.text.reading import text_file
from charrnn.text.reading.text_file import TextFile


def test_an_endless_file_is_not_read_to_its_end(tmp_path, monkeypatch):
    """Such as /proc/kmsg, for those who may read it."""

    class Endless:
        def __init__(self, path):
            self._file = open_plain(path)

        def __getattr__(self, name):
            return getattr(self._file, name)

        def read(self, size):
            return None

    monkeypatch.setattr(text_file, "open_plain", Endless)
    (tmp_path / "file").write_bytes(b"text")
    with TextFile(tmp_path / "file") as file, pytest.raises(NotPlainError, match="a device, not a plain file"):
        file.read(10)
