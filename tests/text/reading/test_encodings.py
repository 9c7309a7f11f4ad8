"""The encoding of a file: named, marked, or detected; and the message if it does not fit."""

import codecs
import gzip
import itertools
import shutil
import subprocess

import numpy as np
import pytest

from charrnn.errors import TextError
from charrnn.system.platform_features import IS_WINDOWS
from charrnn.text.reading import decoding, encodings
from charrnn.text.reading.decoding import WITH_AN_EDITOR, characters, reads_as_utf_8_too
from charrnn.text.reading.encodings import Encodings, detect_by_pattern
from charrnn.text.reading.sources import Source

ENGLISH = "The boat goes out, the tide comes in.\nAn oar is lost.\n"
SCRIPTS = {
    "english": ENGLISH,
    "one word": "hi\n",
    "german": "Grüße aus Köln,\nund zurück.\n",
    "russian": "Лодка ушла, и прилив пришёл.\nВесло потеряно.\n",
    "greek": "Το πλοίο φεύγει,\nη παλίρροια έρχεται.\n",
    "hindi": "नाव चली गई,\nज्वार आ गया।\n",
    "chinese": "船出去了，潮水进来了。\n一只桨丢了。\n昨夜雨疏風驟，濃睡不消殘酒。\n",
    "chinese without a line end": "船出去了潮水进来了一只桨丢了昨夜雨疏風驟濃睡不消殘酒試問捲簾人卻道海棠依舊知否",
    "japanese": "ふねがでていく。\nしおがみちる。\n",
    "korean": "배가 나간다.\n밀물이 든다.\n",
    "emoji": "👩‍👩‍👧 и 🎉\n🎉🎉 a b c\n",
}


def decode(data, encoding="utf-8", insist=False, name="notes.txt"):
    return "".join(characters(Source.from_bytes(name, data), encoding, insist))


def refusal(data, encoding="utf-8", insist=False, name="notes.txt"):
    with pytest.raises(TextError) as caught:
        decode(data, encoding, insist, name)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    return message.removeprefix(f"{name}: ")


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("asked", ["utf-8", "cp1252", "utf-16", "utf-32"])
@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-8"])
def test_a_byte_order_mark_overrides_the_encoding_of_all_files(text, asked, order):
    assert decode(("\ufeff" + text).encode(order), asked) == text


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("order", encodings.UNMARKED)
def test_utf_16_and_32_without_a_mark_are_recognised_with_their_order(text, order):
    data = text.encode(order)
    assert detect_by_pattern(data) == order
    assert detect_by_pattern(data[:-1]) == order  # cut short
    message = refusal(data) if b"\0" in data else refusal(data, "utf-16")
    assert f"without a byte order mark; say so: `encoding` notes.txt={order}" in message
    assert "binary" not in message
    assert decode(data, order) == text


@pytest.mark.parametrize(
    "data",
    [
        *(text.encode() for text in SCRIPTS.values()),
        ENGLISH.encode("cp1252") * 20,
        "Où est-il, déjà ?\n".encode("cp1252") * 40,
        "Привет, мир\n".encode("cp1251") * 40,
        "船出去了\n".encode("gb18030") * 40,
        "しおがみちる\n".encode("shift_jis") * 40,
        ENGLISH.encode().replace(b"oar", b"o\0r"),
        ENGLISH.encode().replace(b"boat", b"bo\0at"),
        b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0",
        np.random.default_rng(0).bytes(4096) + b"\0",
        bytes(range(256)) * 4,
        b"",
        b"\0" * 64,
    ],
    ids=itertools.count(),
)
def test_nothing_else_is_taken_for_utf_16(data):
    assert detect_by_pattern(data) is None


@pytest.mark.parametrize("asked", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("encoding", "cut", "place"),
    [("utf-16", 1, "108 (line 3)"), ("utf-32", 1, "216 (line 3)"), ("utf-32", 3, "216 (line 3)")],
)
def test_a_truncated_text_is_reported(asked, encoding, cut, place):
    data = (ENGLISH + "x").encode(encoding)[:-cut]
    place = f"{len((ENGLISH).encode(encoding)):,} (line 3)"
    command = f"iconv -c -f {encoding} -t utf-8 < notes.txt > notes.utf-8.txt"
    assert refusal(data, asked) == (
        f"ends in the middle of a character of {encoding}, at byte {place}: the file is cut short; get all of it, "
        f"or convert what is there: {WITH_AN_EDITOR if IS_WINDOWS else command}"
    )


def test_truncated_utf_8_may_be_another_encoding():
    message = refusal("no café".encode()[:-1])
    assert message.startswith(
        "byte 0xc3 at offset 6 (line 1) is not utf-8: the text ends in the middle of a character: "
    )
    assert "cut short, or in another encoding; say what it is, for example `encoding` notes.txt=cp1252" in message


def test_truncated_utf_8_with_other_characters_is_reported():
    message = refusal("café, déjà ».".encode() + "é".encode()[:1])
    assert message.startswith(
        "ends in the middle of a character of utf-8, at byte 17 (line 1): the file is cut short; "
    )
    assert "cp1252" not in message


@pytest.mark.parametrize(
    ("text", "encoding"), [("море лодка", "koi8-r"), ("θάλασσα", "iso-8859-7"), ("海は山が", "shift_jis")]
)
def test_no_western_encoding_is_proposed_for_other_letters(text, encoding):
    message = refusal(f"{text}.\n".encode(encoding))
    assert "say what it is: `encoding` notes.txt=NAME, where NAME is, for example, " in message
    assert encoding in message
    assert "cp1252" not in message


@pytest.mark.parametrize(
    ("data", "encoding", "point", "place"),
    [
        ("\ufeffab\nc".encode("utf-16-le") + b"\x3d\xd8" + "de".encode("utf-16-le"), "utf-8", "D83D", "10 (line 2)"),
        ("\ufeffab\nc".encode("utf-16-be") + b"\xde\x00" + "de".encode("utf-16-be"), "utf-16", "DE00", "10 (line 2)"),
        ("ab\nc".encode("utf-16-le") + b"\x3d\xd8" + "de".encode("utf-16-le"), "utf-16-le", "D83D", "8 (line 2)"),
        ("\ufeffab".encode("utf-32-le") + b"\x3d\xd8\0\0", "utf-8", "D83D", "12 (line 1)"),
        (b"ab\n\xed\xa0\xbd\xed\xb8\x80", "utf-8", "D83D", "3 (line 2)"),
    ],
)
def test_half_of_a_surrogate_pair_is_reported_with_its_byte(data, encoding, point, place):
    message = refusal(data, encoding)
    assert message.startswith(f"half of a surrogate pair (U+{point}) at byte {place}, which is not a character: ")


@pytest.mark.parametrize(
    ("data", "encoding", "place"),
    [
        (b"The boat goes out.\nAn o\0ar is lost.\n", "utf-8", "23 (line 2)"),
        (b"caf\xe9\n0123456789 0123456\0 x\n", "cp1252", None),
        ("\ufeffab\n\0cd".encode("utf-16-le"), "utf-8", "8 (line 2)"),
        ("\ufeffab\n\0cd".encode("utf-32-be"), "utf-8", "16 (line 2)"),
    ],
)
def test_a_nul_within_a_text_is_reported_with_its_byte(data, encoding, place):
    message = refusal(data, encoding)
    assert message.startswith(
        f"a NUL at byte {place}, which no text has; take it out" if place else "looks binary: a NUL"
    )


@pytest.mark.parametrize("order", encodings.UNMARKED)
@pytest.mark.parametrize("damage", [0, 0xD83D, 0xDE00])
def test_a_damaged_character_hides_neither_utf_16_nor_32(order, damage):
    data = f"{ENGLISH[:20]}{chr(damage)}{ENGLISH[20:]}".encode(order, "surrogatepass")
    assert refusal(data).endswith(f"without a byte order mark; say so: `encoding` notes.txt={order}")
    place = len(ENGLISH[:20].encode(order))
    what = f"half of a surrogate pair (U+{damage:04X})" if damage else "a NUL"
    assert refusal(data, order, insist=True).startswith(f"{what} at byte {place} (line 1)")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + "café\n".encode() + "café\n".encode("cp1252"),
        codecs.BOM_UTF32_BE + ENGLISH.encode("utf-32-le"),
    ],
)
@pytest.mark.parametrize("insist", [False, True])
def test_no_encoding_is_proposed_that_the_mark_would_override(data, insist):
    message = refusal(data, "cp1252", insist)
    assert "which its byte order mark says it is" in message
    assert "`encoding`" not in message


@pytest.mark.skipif(IS_WINDOWS or not shutil.which("iconv"), reason="needs iconv")
@pytest.mark.parametrize("name", ["it's – one.txt", "-n.txt", "two.txt.gz", "no ending"])
@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        (ENGLISH.encode("utf-16-le") + b"x", "utf-16-le", ENGLISH),
        (ENGLISH.encode("utf-16") + b"x", "utf-8", ENGLISH),
        ("café\n".encode("cp1252") * 9, "utf-8", "café\n" * 9),
        (b"a b\n\xed\xa0\xbdc d\n", "utf-8", "a b\nc d\n"),
        (b"a text of some wor\0ds\n", "utf-8", "a text of some words\n"),
        (f"{ENGLISH}\0".encode("utf-16"), "utf-8", ENGLISH),
    ],
)
def test_the_command_that_is_proposed_converts_the_file(tmp_path, monkeypatch, name, data, encoding, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    command = refusal(data, encoding, insist=True, name=name).rpartition(": ")[2]
    subprocess.run(command, shell=True, check=False)  # iconv -c exits with 1 where it left something out
    (converted,) = tmp_path.glob("*.utf-8*")
    assert decode(converted.read_bytes()) == expected


def test_a_likely_encoding_is_proposed_if_it_decodes_the_text():
    def message(text, encoding, likely):
        document = Source.from_bytes("notes.txt", text.encode(encoding))
        with pytest.raises(TextError) as caught:
            "".join(characters(document, "utf-8", likely=likely))
        return str(caught.value)

    word = "hết".encode("cp1258", "ignore").decode("cp1258")
    assert "if it is cp1258, as the training text was, say so: `encoding` notes.txt=cp1258" in message(
        f"ă đ {word}\n", "cp1258", ["utf-8", "cp1258"]
    )
    assert "cp1255" not in message("naïve Ù\n", "cp1252", ["cp1255"])  # 0xd9 is not a character in cp1255
    assert "`encoding` notes.txt=cp1252" in message("café\n", "cp1252", ["utf-16-le", "utf-8"])


def test_japanese_of_escape_sequences_is_not_read_as_ascii():
    data = "春はあけぼの\nabc\n".encode("iso-2022-jp")
    assert refusal(data) == (
        "looks like ISO-2022-JP, by its escape sequences; say so: `encoding` notes.txt=iso-2022-jp, "
        "or, where it is not: `encoding` notes.txt=utf-8"
    )
    assert decode(data, "iso-2022-jp") == "春はあけぼの\nabc\n"
    assert decode(data, insist=True) == data.decode()
    assert decode(b"\x1b[31mred\x1b[0m \x1b$B is no character\n").startswith("\x1b[31m")


def test_a_nul_after_many_pieces_is_reported_with_its_byte(monkeypatch):
    monkeypatch.setattr("charrnn.text.reading.sources.PIECE", 5)
    monkeypatch.setattr("charrnn.text.reading.decoding.BINARY_PROBE", 4)
    text = "ab\ncd€f\n" * 9 + "\0"
    for encoding in ("utf-8", "utf-16", "utf-16-be"):
        place = len(text.encode(encoding)) - len("\0".encode("utf-16-be" if "16" in encoding else encoding))
        assert f"a NUL at byte {place:,} (line 19)" in refusal(text.encode(encoding), encoding)


def test_a_mark_overrides_the_encoding_of_a_single_file():
    data = codecs.BOM_UTF8 + "é".encode()
    assert decode(data, "cp1252") == decode(data, "cp1252", insist=True) == "é"


@pytest.mark.parametrize(
    ("data", "encoding", "example"),
    [
        (b"caf\xe9\n", "utf-8", "cp1252"),
        (b"caf\x81\n", "cp1252", "cp1251"),
        ("café\n".encode(), "ascii", "utf-8"),
        (b"caf\xe9\n", "ascii", "cp1252"),
    ],
)
def test_the_encoding_that_is_proposed_is_another_than_the_one_that_did_not_fit(data, encoding, example):
    message = refusal(data, encoding)
    assert f"is not {encoding}: " in message
    assert f"say what it is, for example `encoding` notes.txt={example}" in message


@pytest.mark.parametrize("text", [text * 4 for text in SCRIPTS.values() if len(text) > 9])
@pytest.mark.parametrize(("asked", "order"), [("utf-16-le", "utf-16-be"), ("utf-16-be", "utf-16-le")])
def test_a_wrong_byte_order_is_refused_unless_named_for_the_file(text, asked, order):
    assert f"looks like UTF-16 without a byte order mark; say so: `encoding` notes.txt={order}" in refusal(
        text.encode(order), asked
    )
    assert "reads as UTF-8" in refusal(text.encode(), asked)
    assert decode(ENGLISH.replace("\n", "").encode(order), asked, insist=True) == ENGLISH.replace("\n", "").encode(
        order
    ).decode(asked)


@pytest.mark.parametrize("asked", ["utf-16", "utf-32"])
def test_a_missing_byte_order_mark_is_reported_with_the_likely_encoding(asked):
    assert "reads as UTF-8; say so: `encoding` notes.txt=utf-8" in refusal(ENGLISH.encode(), asked)
    assert f"say in which order its bytes are: `encoding` notes.txt={asked}-le or {asked}-be" in refusal(
        b"\xff\xd8\x00\xd8" * 3, asked
    )


def test_standard_input_is_named_as_on_the_command_line():
    assert "`encoding` -=cp1252" in refusal(b"caf\xe9\n", name="standard input")


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        ("café".encode(), "cp1252", True),
        ("café".encode("cp1252"), "cp1252", False),
        (b"plain words", "cp1252", False),
        (b"plain words", "utf-16-le", True),  # where it is insisted on
        (b"plain words", "cp037", True),
        ("日本".encode("iso-2022-jp"), "iso-2022-jp", False),
        ("日本".encode("shift_jis"), "shift_jis", False),
        ("日本".encode(), "shift_jis", True),
        ("café".encode("utf-16-le"), "utf-16-le", False),
        (codecs.BOM_UTF8 + "café".encode(), "cp1252", False),  # is read as UTF-8
        (b"caf\xc3", "cp1252", False),
        (b"", "cp1252", False),
    ],
)
def test_whether_a_file_is_utf_8_as_well(data, encoding, expected):
    assert reads_as_utf_8_too(Source.from_bytes("x", data), encoding) is expected


@pytest.mark.parametrize(
    ("file", "path", "expected"),
    [
        ("notes.txt", "notes.txt", True),
        ("notes.txt", "/home/me/notes.txt", True),
        ("old/notes.txt", "/home/me/old/notes.txt", True),
        ("./notes.txt", "a/notes.txt", True),
        ("notes.txt", "my-notes.txt", False),
        ("old/notes.txt", "/home/me/new/notes.txt", False),
        ("/home/me/notes.txt", "/home/me/notes.txt", True),
        ("/me/notes.txt", "/home/me/notes.txt", False),
        ("*.log", "a/b.log", True),
        ("*.log", "a.log/b", False),
        ("song [live].txt", "song [live].txt", True),
        ("song [live].txt", "song l.txt", True),
        ("a=b.txt", "a=b.txt", True),
        ("cafe\u0301.txt", "caf\u00e9.txt", True),
        ("caf\u00e9.txt", "cafe\u0301.txt", True),
        ("-", "-", True),
    ],
)
def test_which_file_is_meant(file, path, expected):
    said = Encodings.parse([f"{file}=cp1252"])
    assert (said.encoding_for(path) == "cp1252") is expected
    if not expected:
        with pytest.raises(TextError, match=f"encoding .*=cp1252: no text has this file name; the texts are {path}"):
            said.require_files([path])


def test_the_last_word_on_a_file_counts():
    said = Encodings.parse(["latin-1", "*.txt=cp1252", "a.txt=cp1251", "cp437"])
    assert [said.encoding_for(path) for path in ("a.txt", "b.txt", "c")] == ["cp1251", "cp1252", "cp437"]


@pytest.mark.parametrize(
    "entry",
    ["klingon", "a.txt=klingon", "base64", "punycode", "a.txt=", "", "[utf-8, a.txt=cp1252]", "'cp1252'", '"cp1252"'],
)
def test_an_unknown_encoding_is_refused_by_name(entry):
    with pytest.raises(TextError, match=r"^.*: not an encoding of texts that Python knows"):
        Encodings.parse([entry])
    with pytest.raises(TextError, match="names no file"):
        Encodings.parse(["=cp1252"])


@pytest.mark.parametrize("data", [b"caf\xe9\n" * 9, b"a text of some wor\0ds\n", (ENGLISH + "x").encode("utf-16")[:-1]])
def test_where_there_is_no_iconv_an_editor_converts(monkeypatch, data):
    monkeypatch.setattr(decoding, "IS_WINDOWS", True)
    assert refusal(data).endswith(f": {WITH_AN_EDITOR}")
