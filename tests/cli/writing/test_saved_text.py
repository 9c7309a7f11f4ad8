"""The file of `write -o`."""

import sys

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
    path.write_text("theirs", "utf-8")
    with pytest.raises(OutputError, match=r"a\.txt: another program has changed it; the text was not saved there"):
        file.save("mine too")
    assert path.read_text("utf-8") == "theirs"


def test_a_file_that_has_gone_is_written_again(tmp_path):
    path = tmp_path / "a.txt"
    file = SavedText(path)
    file.save("mine")
    path.unlink()
    file.save("mine too")
    assert path.read_text("utf-8") == "mine too"


def test_a_file_in_which_nothing_was_changed_is_not_written(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\ntwo\n")
    file = SavedText(path)
    file.save(file.text)
    assert path.read_bytes() == b"one\r\ntwo\n"


def test_a_byte_order_mark_is_no_character_and_stays(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone")
    file = SavedText(path)
    file.save(file.text + " two")
    assert (file.text, path.read_bytes()) == ("one two", b"\xef\xbb\xbfone two")


@pytest.mark.skipif(sys.platform == "win32", reason="permissions and links are those of POSIX")
def test_a_link_is_followed_and_permissions_stay(tmp_path):
    path, link = tmp_path / "a.txt", tmp_path / "link.txt"
    path.write_text("one", "utf-8")
    path.chmod(0o600)
    link.symlink_to(path)
    SavedText(link).save("two")
    assert (path.read_text("utf-8"), path.stat().st_mode & 0o777, link.is_symlink()) == ("two", 0o600, True)


def test_a_read_only_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("one", "utf-8")
    monkeypatch.setattr("os.access", lambda name, mode: name != path)  # root may write everything
    with pytest.raises(OutputError, match=r"a\.txt: is read-only; name another file with --out"):
        SavedText(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xe9", r"byte 0 is not UTF-8; name another file with --out"), (None, r"is a folder; name a file with --out")],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, content, message):
    path = tmp_path / "a.txt"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(OutputError, match=message):
        SavedText(path)
