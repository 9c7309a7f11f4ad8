"""The file of `write -o`."""

import pytest

from charrnn.cli.writing.saved_text import SavedText
from charrnn.errors import OutputError


def test_a_file_is_opened_again_and_keeps_its_line_ends(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("é one\r\ntwo\r\n".encode())
    file = SavedText(path)
    assert file.text == "é one\ntwo\n"
    file.save(file.text + "three\n")
    assert path.read_bytes() == "é one\r\ntwo\r\nthree\r\n".encode()


def test_nothing_is_written_for_no_text(tmp_path):
    file = SavedText(tmp_path / "a.txt")
    file.save("")
    assert [*tmp_path.iterdir()] == []
    file.save("a")
    file.save("")
    assert (tmp_path / "a.txt").read_bytes() == b""


def test_what_another_program_wrote_is_not_replaced(tmp_path):
    path = tmp_path / "a.txt"
    file = SavedText(path)
    file.save("mine")
    path.write_text("theirs")
    with pytest.raises(OutputError, match=r"a\.txt: another program has changed it; the text was not saved there"):
        file.save("mine too")
    assert path.read_text() == "theirs"
    path.unlink()
    with pytest.raises(OutputError, match="another program has changed it"):
        file.save("mine too")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xe9", r"byte 0 is not UTF-8; name another file with --out"), (None, r"is a folder; name a file with --out")],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, content, message):
    path = tmp_path / "a.txt"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(OutputError, match=message):
        SavedText(path)
