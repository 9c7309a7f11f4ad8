"""The file of `write -o`: reopened, and saved whole as the text grows."""

from pathlib import Path

from charrnn.cli.output.files import confirm_overwrite
from charrnn.errors import OutputError
from charrnn.system.whole_file import whole_file

CRLF = "\r\n"


class SavedText:
    """A text in a file, UTF-8, with the line ends that the file had. It never replaces what another program wrote
    since.
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError for a file that cannot be read or written."""
        self.path, self._line_end, self._known = path, "\n", None
        self.text = ""
        if not path.exists():
            confirm_overwrite(path, force=False)
            return
        confirm_overwrite(path, force=True)
        try:
            self._known = path.read_bytes()
            self.text = self._known.decode("utf-8")
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            raise OutputError(f"{path}: byte {error.start} is not UTF-8; name another file with --out") from None
        if CRLF in self.text:
            self._line_end, self.text = CRLF, self.text.replace(CRLF, "\n")

    def save(self, text: str) -> None:
        """Write the text, if it is not there yet. Raises OutputError if that fails, or if the file has changed."""
        content = text.replace("\n", self._line_end).encode("utf-8", "surrogateescape")
        if content == self._known:
            return
        try:
            found = self.path.read_bytes() if self.path.exists() else None
            if not content and found is None:
                return
            if found != self._known:
                raise OutputError(f"{self.path}: another program has changed it; the text was not saved there")
            with whole_file(self.path) as file:
                file.write(content)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error.strerror or error}") from None
        self._known = content
