"""Documents, or the files of one long text, in the order of a seed."""

import hashlib

import numpy as np
import pytest

from charrnn.text.corpus import build
from charrnn.text.shuffling import permutation
from charrnn.text.source_text import read_text
from charrnn.text.splits import Split, make_split

NAMES = [f"{first}{second}" for first in "ABCDEFGHIJ" for second in "abcdef"]


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("\n".join(NAMES) + "\n", "utf-8")
    return str(path)


def test_the_order_is_that_of_a_digest():
    """Stated a second time, and for one seed as numbers: it must never change."""
    assert permutation(12, 7).tolist() == [3, 7, 8, 6, 10, 9, 1, 4, 2, 0, 5, 11]
    order = sorted(range(100), key=lambda number: hashlib.sha256(b"%d %d" % (3, number)).hexdigest())
    assert permutation(100, 3).tolist() == order
    assert permutation(0, 3).tolist() == []


def test_what_is_added_at_the_end_does_not_change_the_order_of_the_others():
    longer = permutation(100, 3)
    np.testing.assert_array_equal(longer[longer < 60], permutation(60, 3))


def test_documents_are_shuffled_by_the_seed(names):
    plain, *shuffled = (read_text([names], boundary=r"\n", shuffle_seed=seed) for seed in (None, 0, 0, 1))
    assert plain.documents == tuple(NAMES)
    assert shuffled[0].documents == tuple(NAMES[number] for number in permutation(len(NAMES), 0))
    assert shuffled[0].documents == shuffled[1].documents
    assert shuffled[0].documents != shuffled[2].documents
    assert sorted(shuffled[2].documents) == NAMES
    for text in shuffled:
        assert (text.sha256, text.length, text.vocabulary(1)) == (plain.sha256, plain.length, plain.vocabulary(1))


@pytest.mark.parametrize("split", [Split((0.8, 0.1, 0.1)), make_split("nanogpt", (0.9, 0.1, 0), (1, 1))])
def test_every_part_of_the_list_is_in_every_split(names, split):
    text = read_text([names], boundary=r"\n", shuffle_seed=0)
    corpus = build(text, text.vocabulary(1), split)
    held_out = corpus.vocabulary.decode(corpus.split("valid"))
    assert len(set(held_out) & set("ABCDEFGHIJ")) >= 3
    plain = read_text([names], boundary=r"\n")
    last = build(plain, plain.vocabulary(1), split)
    assert set(last.vocabulary.decode(last.split("valid"))) & set("ABCDEFGH") == set()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_document_keeps_its_place_in_its_file(tmp_path, seed):
    (tmp_path / "a.txt").write_text("one\ntwo\n\n\nthree", "utf-8")
    (tmp_path / "b.csv").write_text('id,t\n1,"four\nlines"\n2,five\n', "utf-8")
    (tmp_path / "c.jsonl").write_text('{"t": "six\\nseven"}\n\n{"t": "eight"}\n', "utf-8")
    poems = read_text([str(tmp_path / "a.txt")], boundary="blank-line", shuffle_seed=seed)
    cells = read_text([str(tmp_path / "b.csv"), str(tmp_path / "c.jsonl")], field="t", shuffle_seed=seed)
    for text, places in (
        (poems, {"one\ntwo": [(0, 1, 1), (0, 2, 1)], "three": [(0, 5, 1)]}),
        (
            cells,
            {
                "four\nlines": [(0, 2, 1), (0, 3, 1)],
                "five": [(0, 4, 1)],
                "six\nseven": [(1, 1, 1), (1, 1, 5)],
                "eight": [(1, 3, 1)],
            },
        ),
    ):
        at = 1
        assert sorted(text.documents) == sorted(places)
        for document in text.documents:
            begins = [at, *(at + found + 1 for found, c in enumerate(document) if c == "\n")]
            assert [text.locate(begin) for begin in begins] == places[document]
            at += len(document) + 1


def test_files_that_are_documents_are_shuffled(tmp_path):
    for number in range(8):
        path = tmp_path / f"{number % 3}" / f"{number}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"text {number}", "utf-8")
    in_order = read_text([str(tmp_path)], boundary="file").documents
    expected = tuple(in_order[number] for number in permutation(8, 5))
    files = sorted(map(str, tmp_path.rglob("*.txt")))
    for sources in ([str(tmp_path)], [str(tmp_path / "**" / "*.txt")], files):
        text = read_text(sources, boundary="file", shuffle_seed=5)
        assert text.documents == expected != in_order
        numbers = [text.locate(int(at))[0] for at in text.starts.at]
        assert [text.files[number] for number in numbers] == [files[number] for number in permutation(8, 5)]


@pytest.mark.parametrize("unit", ["char", "byte"])
def test_of_one_long_text_the_files_are_shuffled(tmp_path, unit):
    for number in range(5):
        (tmp_path / f"{number}.txt").write_bytes(f"text {number}, line 1\nline 2".encode())
    text = read_text([str(tmp_path)], unit, shuffle_seed=0)
    order = permutation(5, 0)
    assert text.files == tuple(str(tmp_path / f"{number}.txt") for number in order)
    whole = "\n".join(f"text {number}, line 1\nline 2" for number in order)
    assert text.content == (whole if unit == "char" else whole.encode())
    assert str(text.place(text.length - 1)) == f"{text.files[-1]}:2:6"
    assert text.sha256 == hashlib.sha256(whole.encode()).hexdigest()


def test_one_file_without_documents_is_not_shuffled(names):
    text = read_text([names], shuffle_seed=0)
    assert text.content == "\n".join(NAMES) + "\n"
    assert text.notes == (
        "data.shuffle is true, but one file without documents is read in its own order; data.boundary or data.field names documents",
    )
