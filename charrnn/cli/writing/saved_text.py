"""The file of `write -o`: opened again, and saved whole as the text grows."""

import codecs
import os
import shutil
from pathlib import Path

from charrnn.cli.output.files import confirm_overwrite, open_output
from charrnn.errors import OutputError

CRLF = "\r\n"


class SavedText:
    """A text in a file, UTF-8. It keeps the file's line ends, byte order mark and permissions, follows a link, and
    never replaces what another program wrote.
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError for a file that cannot be read or written."""
        self.path = path = Path(os.path.realpath(path)) if path.is_symlink() else path
        confirm_overwrite(path, force=True)
        if path.exists() and not os.access(path, os.W_OK):
            raise OutputError(f"{path}: is read-only; name another file with --out")
        self._content = self._read()
        self._encoding = "utf-8-sig" if self._content.startswith(codecs.BOM_UTF8) else "utf-8"
        try:
            text = self._content.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise OutputError(f"{path}: byte {error.start} is not UTF-8; name another file with --out") from None
        self._line_end = CRLF if CRLF in text else "\n"
        self.text = text.replace(CRLF, "\n")  # what the file holds

    def save(self, text: str) -> None:
        """Write the text, if it is not there yet. Raises OutputError if that fails, or if the file has changed."""
        if text == self.text:
            return
        if self._read() not in (b"", self._content):
            raise OutputError(f"{self.path}: another program has changed it; the text was not saved there")
        content = text.replace("\n", self._line_end).encode(self._encoding)
        with open_output(self.path) as file:
            if self.path.exists():
                shutil.copymode(self.path, file.name)
            file.write(content)
        self.text, self._content = text, content

    def _read(self) -> bytes:
        """What is in the file; nothing if there is none."""
        try:
            return self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be read: {error.strerror or error}") from None
