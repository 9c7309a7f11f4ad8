"""The file of `write -o`: opened again, and saved whole as the text grows."""

from pathlib import Path

from charrnn.cli.output.files import confirm_overwrite, open_output
from charrnn.errors import OutputError

CRLF = "\r\n"


class SavedText:
    """A text in a file, UTF-8, with the line ends that the file had. It never replaces what another program wrote."""

    def __init__(self, path: Path) -> None:
        """Raises OutputError for a file that cannot be read or written."""
        confirm_overwrite(path, force=True)
        self.path = path
        self._known = self._read()
        try:
            self.text = (self._known or b"").decode("utf-8")
        except UnicodeDecodeError as error:
            raise OutputError(f"{path}: byte {error.start} is not UTF-8; name another file with --out") from None
        self._line_end = CRLF if CRLF in self.text else "\n"
        self.text = self.text.replace(CRLF, "\n")

    def save(self, text: str) -> None:
        """Write the text, if it is not there yet. Raises OutputError if that fails, or if the file has changed."""
        content = text.replace("\n", self._line_end).encode("utf-8", "surrogateescape")
        if content == (self._known or b""):
            return
        if self._read() != self._known:
            raise OutputError(f"{self.path}: another program has changed it; the text was not saved there")
        with open_output(self.path) as file:
            file.write(content)
        self._known = content

    def _read(self) -> bytes | None:
        try:
            return self.path.read_bytes() if self.path.exists() else None
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be read: {error.strerror or error}") from None
