"""The position of each character, compared with the files on disk."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import trained

from charrnn import api
from charrnn.config.data import Data
from charrnn.models import encoded_text
from charrnn.models.mixture.components import NetworkComponent
from charrnn.models.scoring import scoring
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.text.positions import PositionTracker
from charrnn.text.reading import sources
from charrnn.text.reading.source_reader import SourceReader
from charrnn.text.source_text import read_text
from charrnn.text.vocabulary import END, Vocabulary

BOUNDARIES = ["blank-line", "file", "\n", "---\n", "\n\n+", "(?m)^#.*\n", "(?=#)", ";", r"(?s)#.*?#", r"\r"]
SYMBOLS = "ab#;-\n\r\u2028é漢😀 "
LINE = re.compile(r"(?s).*?(?:\r\n|\r|\n|\Z)")


def component(vocabulary):
    network = Network.fresh(Architecture(len(vocabulary), 1, "rnn"), np.random.default_rng(0))
    return NetworkComponent("tiny", network, vocabulary.end_id)


def read(paths, unit, boundary):
    """The names of the files, and what is reported of each character: itself, the name of its file, line and column."""
    if boundary is None:
        reader = SourceReader(paths, unit, once=True)
        vocabulary = Vocabulary.from_bytes() if unit == "byte" else Vocabulary.from_text(SYMBOLS)
        files, given = reader.names, encoded_text.from_stream(reader.pieces(), vocabulary, reader.names)
    else:
        text = read_text(paths, boundary=boundary)
        files, vocabulary = text.files, text.vocabulary(1)
        given = encoded_text.from_text(text, vocabulary, Data(boundary=boundary))
    tracker, found = PositionTracker(unit), []
    for each in scoring.score([component(vocabulary)], [1.0], vocabulary, given):
        places = tracker.advance(each.characters, each.starts)
        rows = zip(each.characters, places.file.tolist(), places.line.tolist(), places.column.tolist(), strict=True)
        found += [(character, files[file], line, column) for character, file, line, column in rows]
    return files, found


def line_of(content, line):
    """With its end."""
    return LINE.findall(content)[line - 1]


def require_true(found, contents):
    """Each character is at its reported position in its file; added characters come after the text before them."""
    before = None
    for character, name, line, column in found:
        content = contents[name]
        text = line_of(content, line)
        offset = sum(len(each) for each in LINE.findall(content)[: line - 1]) + column - 1
        assert 1 <= column <= len(text) + 1
        if character == END or offset == len(content):
            assert character in (END, "\n")
            assert before is None or offset == before[1] + before[2] or before[0] != name
        else:
            assert text[column - 1 :].startswith((character, "\r\n") if character == "\n" else character)
            size = 2 if character == "\n" and text[column - 1 :] == "\r\n" else 1
        assert before is None or name != before[0] or offset > before[1] or before[2] == 0
        before = name, offset, 0 if character == END or offset == len(content) else size


FILES = st.lists(st.text(SYMBOLS, min_size=1, max_size=60), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(FILES, st.sampled_from(BOUNDARIES), st.booleans(), st.booleans())
@pytest.mark.slow
def test_the_reported_positions_in_documents_are_correct(tmp_path_factory, texts, boundary, mark, compressed):
    folder = tmp_path_factory.mktemp("files")
    paths, contents = written(folder, texts, mark, compressed)
    try:
        _, found = read(paths, "char", boundary)
    except sources.TextError:  # nothing but blanks
        return
    require_true(found, contents)


@settings(max_examples=100, deadline=None)
@given(FILES, st.sampled_from([1, 2, 3, 7, 1 << 20]), st.sampled_from(["char", "byte"]), st.booleans())
@pytest.mark.slow
def test_the_reported_positions_in_a_long_text_are_correct(tmp_path_factory, texts, size, unit, mark):
    folder = tmp_path_factory.mktemp("files")
    paths, contents = written(folder, texts, mark and unit == "char")
    sources.PIECE, kept = size, sources.PIECE
    try:
        _, found = read(paths, unit, None)
    except sources.TextError:
        return
    finally:
        sources.PIECE = kept
    require_true(found, contents)
    expected = "".join(text.replace("\r\n", "\n") if unit == "char" else text for text in contents.values())
    added = sum(not text.endswith("\n") for text in [*contents.values()][:-1])
    assert len(found) == len(expected) + added


def written(folder, texts, mark=False, compressed=False):
    """The files' paths, and what each holds by its name."""
    paths, contents = [], {}
    for number, text in enumerate(texts):
        path = Path(folder, f"{number}.txt" + (".gz" if compressed else ""))
        data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
        path.write_bytes(gzip.compress(data) if compressed else data)
        paths.append(str(path))
        contents[str(path)] = text
    return paths, contents


@pytest.mark.parametrize("unit", ["char", "byte"])
def test_positions_restart_when_a_file_is_named_twice(tmp_path, unit):
    (tmp_path / "a").write_bytes(b"ab\nc")
    _, found = read([str(tmp_path / "a")] * 2, unit, None)
    assert [row[2:] for row in found] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (1, 1), (1, 2), (1, 3), (2, 1)]


def test_a_character_of_bytes_does_not_go_on_in_the_next_file(tmp_path):
    (tmp_path / "a").write_bytes(b"a\n\xe2\x82\n")
    (tmp_path / "b").write_bytes(b"\xacb\x80\n\x80c\n")
    _, found = read([str(tmp_path / "a"), str(tmp_path / "b")], "byte", None)
    assert "".join(row[0] for row in found) == "a\n\ufffd\n\ufffdb\ufffd\n\ufffdc\n"
    assert [row[2:] for row in found[4:]] == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 3)]


@pytest.mark.parametrize("boundary", [None, "\n", "file"])
@pytest.mark.parametrize("limit", [1 << 20, 3])
def test_any_place_of_a_text_can_be_asked_for(tmp_path, monkeypatch, boundary, limit):
    """Of a text in memory and of one that is read again."""
    if boundary is None:
        monkeypatch.setattr("charrnn.text.source_text.IN_MEMORY", limit)
    paths, _ = written(tmp_path, ["one\ntwo\r\n", "three", "four\n\nfive\n"])
    files, found = read(paths, "char", boundary)
    asked = read_text(paths, boundary=boundary)
    first = int(boundary is not None)  # the end before the first document is not reported
    for index, (_, *place) in enumerate(found, start=first):
        at = asked.place(index)
        assert [at.file, at.line, at.column] == place
    assert files == asked.files == tuple(paths)


def test_the_place_of_bytes_is_that_of_their_character(tmp_path):
    paths, _ = written(tmp_path, ["é\r\n漢é\n", "bé"])
    text = read_text(paths, unit="byte")
    found = [text.place(index) for index in range(text.length)]
    assert [(place.line, place.column) for place in found] == [
        (1, 1), (1, 1), (1, 2), (1, 3), (2, 1), (2, 1), (2, 1), (2, 2), (2, 2), (2, 3), (1, 1), (1, 2), (1, 2),
    ]  # fmt: skip
    assert [found[9].file, found[10].file] == paths


@pytest.mark.parametrize(
    "settings",
    [
        ["data.split=[0.5,0.3,0.2]"],
        ["data.protocol=char-rnn", "data.slices=[3,20]"],
        ["data.protocol=nanogpt"],
        ["data.split=[0.5,0.3,0.2]", r"data.boundary=\n"],
        ["data.split=[0.5,0.3,0.2]", "data.unit=byte"],
    ],
    ids=lambda settings: settings[-1],
)
def test_each_character_of_a_split_has_its_place(tmp_path, settings):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(
            "".join(f"{name} é {number}\r\n" for number in range(200)), newline="", encoding="utf-8"
        )
    text = api.load(trained(tmp_path / "run", tmp_path / "*.txt", *settings)).training_text
    vocabulary, splits = text.corpus.vocabulary, [["train"], ["valid", "test"]]
    lines = {str(tmp_path / f"{name}.txt"): f"{name} é {{}}\n" for name in "ab"}
    seen = set()
    for names in splits:
        ids = np.concatenate([text.corpus.split(name) for name in names])
        for position in range(0, len(ids), 7):
            place = text.place(names, position)
            seen.add(place.file)
            line = lines[place.file].format(place.line - 1)
            symbol = vocabulary.symbols[ids[position]]
            there = line.replace("\n", "\r\n") if vocabulary.unit == "byte" else line
            if ids[position] == vocabulary.end_id:
                assert place.column in (1, len(line))
            elif symbol.isascii():
                assert there[place.column - 1] == symbol
            else:
                assert there[place.column - 1] == "é"
    assert seen == set(lines)
    with pytest.raises(IndexError):
        text.place(["valid"], text.corpus.split("valid").size)
