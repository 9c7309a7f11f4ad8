"""A text is the same in whatever pieces it is read."""

import io
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import TextError
from charrnn.text.reading import decoding, sources
from charrnn.text.reading.decoding import character_starts, characters, count_strays, doubt_of_characters
from charrnn.text.reading.sources import Source

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
def test_what_does_not_fit_is_located_whatever_the_pieces(data, offset, line, small_pieces):
    with pytest.raises(TextError, match=rf"at offset {offset} \(line {line}\) is not utf-8"):
        decoded(data)


def test_a_nul_is_located_in_a_later_piece(small_pieces):
    with pytest.raises(TextError, match="a NUL at byte 8"):
        decoded(b"abcdefgh\0ijk")


def test_a_lone_carriage_return_stays(small_pieces):
    assert decoded(b"ab\rcd\r") == "ab\rcd\r"


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


def test_characters_of_utf_8_begin_where_they_begin_and_what_is_none_is_cut():
    assert character_starts("aé€x".encode()).tolist() == [0, 1, 3, 6]
    assert character_starts(b"\x80" * 10).tolist() == [*range(10)]
    assert character_starts(b"a\x80\n\x80\xe2\x82\xc3\xa9\xa9").tolist() == [0, 1, 2, 3, 4, 6, 8]
    assert character_starts(b"").tolist() == []


@pytest.mark.parametrize(
    ("data", "strays"),
    [
        ("naïve – 👩\n".encode(), 0),
        ("naïve\n".encode("cp1252"), 1),
        ("boat\n".encode("utf-16-le"), 5),
        (b"\x80\xc3 \xe2\x80", 2),
        (b"", 0),
    ],
)
def test_bytes_that_are_no_characters_are_counted(data, strays):
    values = np.frombuffer(data, np.uint8)
    assert count_strays(values[np.newaxis]) == strays
    assert count_strays(np.stack([values, values])) == 2 * strays


def test_characters_are_doubted_where_more_than_a_hundredth_are_none():
    assert doubt_of_characters(1, 100) == ()
    assert doubt_of_characters(2, 100)[0].startswith("2 of these characters are bytes that are not UTF-8: ")
