"""A text from several sources: joined, bounded, and read once or again."""

import io
import sys

import pytest

from charrnn.errors import TextError
from charrnn.text.reading.source_reader import SourceReader
from charrnn.text.source_text import read_text


@pytest.fixture
def two_files(tmp_path):
    for name, content in (("a", "one;two"), ("b", "three")):
        (tmp_path / name).write_text(content, "utf-8")
    return [str(tmp_path / "a"), str(tmp_path / "b")]


def test_files_are_joined_by_the_newline_that_the_first_lacks(two_files):
    assert read_text(two_files).content == "one;two\nthree"
    assert "".join(piece.content for piece in SourceReader(two_files, once=True).pieces()) == "one;two\nthree"


def test_files_end_documents_without_an_added_newline(two_files):
    assert read_text(two_files, boundary=";").documents == ("one", "two", "three")


def test_more_characters_than_are_allowed_are_refused(two_files):
    assert read_text(two_files, max_chars=13).length == 13
    with pytest.raises(TextError, match="more than 12 characters"):
        read_text(two_files, max_chars=12)


def test_standard_input_in_a_named_encoding_is_read_a_second_time(monkeypatch):
    """Once to see whether it is UTF-8, and once for the text."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("é\n".encode()), encoding="utf-8"))
    reader = SourceReader(["-"], encoding="cp1252", once=True)
    assert reader.notes()[0].startswith("standard input is valid UTF-8 but read as cp1252")
    assert "".join(piece.content for piece in reader.pieces()) == "Ã©\n"
