"""A text does not depend on the pieces in which it is read."""

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import TextError
from charrnn.text.reading import decoding, sources
from charrnn.text.reading.decoding import characters
from charrnn.text.reading.sources import Source
from charrnn.words import spelled_as

ENCODINGS = ["utf-8", "utf-16", "utf-32", "latin-1", "cp1252", "shift_jis", "utf-7", "gb18030"]


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(sources, "PIECE", 3)
    monkeypatch.setattr(decoding, "BINARY_PROBE", 4)


def decoded(data, encoding="utf-8"):
    return "".join(characters(Source.from_bytes("x", data), encoding))


@given(
    st.text(st.sampled_from("aé\r\n😀漢\ufeff.")), st.sampled_from([1, 2, 3, 5]), st.sampled_from(["utf-8", "utf-16"])
)
def test_pieces_of_any_size_give_the_text_of_one(text, size, encoding):
    data = text.encode(encoding)
    expected = data.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n")
    sources.PIECE, kept = size, sources.PIECE
    try:
        assert decoded(data, encoding) == expected
    finally:
        sources.PIECE = kept


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_in_pieces(encoding, small_pieces):
    text = (
        "Grün ist die Heide.\r\nund ein zweiter Satz\r\n" if encoding not in ("shift_jis",) else "abc\r\nカナ漢字\r\n"
    )
    assert decoded(text.encode(encoding), encoding) == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("data", "offset", "line"),
    [
        (b"ab\ncd\n\xff", 6, 3),
        (b"\n\n\n\xc3", 3, 4),  # cut off at the end
        (b"a\xc3\xa9\n\xc3(", 4, 2),  # a character that spans two pieces, then a broken one
        (b"abcde\xe6\xbc", 5, 1),
    ],
)
def test_undecodable_bytes_are_located_for_any_piece_size(data, offset, line, small_pieces):
    with pytest.raises(TextError, match=rf"at offset {offset} \(line {line}\) is not utf-8"):
        decoded(data)


def test_an_encoding_whose_errors_give_it_another_name_is_located_too():
    """Python calls unicode_escape `unicodeescape` in its errors, and knows no encoding of that name."""
    with pytest.raises(TextError, match=r"at offset 2 \(line 2\) is not unicode_escape"):
        list(characters(Source.from_bytes("x", b"a\n\\"), "unicode_escape"))


def test_a_nul_is_located_in_a_later_piece(small_pieces):
    with pytest.raises(TextError, match="a NUL at byte 8"):
        decoded(b"abcdefgh\0ijk")


def test_a_lone_carriage_return_stays(small_pieces):
    assert decoded(b"ab\rcd\r") == "ab\rcd\r"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_document():
    class Endless(io.RawIOBase):
        left = 200

        def read(self, size=-1):
            self.left -= 1
            return b"0123456789\r\n" * (size // 12) if self.left else b""

    tracemalloc.start()
    total = sum(map(len, characters(Source("x", Endless))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 150_000_000
    assert peak < 20_000_000


def test_a_binary_file_is_for_a_model_of_bytes_and_the_message_is_a_command_that_trains_one():
    """Any command may read the file, so no option of that command is the advice."""
    with spelled_as("--{}".format), pytest.raises(TextError, match=r"reads it: charrnn train -s data\.unit=byte$"):
        "".join(characters(Source.from_bytes("program", b"\x7fELF\0\0\0\0" * 100)))
