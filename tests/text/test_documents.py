import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import TextError
from charrnn.text import source_text
from charrnn.text.corpus import build
from charrnn.text.documents import compile_boundary, cut, split_documents
from charrnn.text.source_text import read_text
from charrnn.text.splits import Split, make_split

POEM = "\n\n  A poem,\nof two lines\n\n \nAnother\n\n"


@pytest.mark.parametrize(
    ("boundary", "text", "documents"),
    [
        (r"\n", "Ann\nBob\n\nCid", ["Ann", "Bob", "Cid"]),
        ("\n", "Ann\nBob\n", ["Ann", "Bob"]),
        ("blank-line", POEM, ["  A poem,\nof two lines", "Another"]),
        ("blank-line", "a\n\nb\n", ["a", "b"]),
        ("blank-line", "one\nline\n", ["one\nline"]),
        ("file", POEM, [POEM]),
        (r"(;|,) ?", "a, b;c ,d", ["a", "b", "c ", "d"]),  # a group is not a document
        (r"(?=>)", ">a>b", [">a", ">b"]),  # nothing is left out
        (r"\n", "Ann\n  \n\t\nBob", ["Ann", "Bob"]),  # nothing can be seen in the second
        (r"(?m)^--$\n?", "x\n--\ny--\n", ["x\n", "y--\n"]),
    ],
)
def test_text_between_boundaries_is_a_document(boundary, text, documents):
    assert list(split_documents([text], boundary).documents) == documents


@pytest.mark.parametrize("boundary", ["file", "blank-line", r"\n"])
def test_a_files_end_always_ends_a_document(boundary):
    assert [document.strip() for document in split_documents(["a", "b\n", "c"], boundary).documents] == ["a", "b", "c"]


@pytest.mark.parametrize("boundary", ["(", "a{2,1}", "(?P<n>", "[z-a]", "a**", "(?i", r"\1"])
def test_an_invalid_regular_expression_is_refused(boundary):
    with pytest.raises(TextError, match="neither blank-line nor file nor a regular expression: "):
        compile_boundary(boundary)


@pytest.mark.parametrize("boundary", [r"\n*", "", "a|", "^"])
def test_a_boundary_that_is_nothing_at_all_is_refused(boundary):
    with pytest.raises(TextError, match=r"matches the empty string, and so would end a document at every character"):
        split_documents(["abc"], boundary)


def test_a_text_of_boundaries_and_blanks_alone_has_no_document():
    with pytest.raises(TextError, match=r"data.boundary='\[ax\]': the text holds no document"):
        split_documents(["axa a", " x"], "[ax]")


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="|\0\r\ufeff"), min_size=1), min_size=1
    )
)
def test_documents_come_out_as_they_went_in(tmp_path_factory, documents):
    path = tmp_path_factory.mktemp("documents") / "text"
    path.write_text("|".join(documents), "utf-8", newline="")
    kept = [document for document in documents if not document.isspace()]
    if not kept:
        return
    text = read_text([str(path)], boundary=r"\|")
    assert list(text.documents) == kept
    made = build(text, text.vocabulary(1), Split((1, 0, 0)))
    end, ids = made.vocabulary.end_id, made.ids.tolist()
    assert ids[0] == ids[-1] == end
    assert len(ids) == text.length
    assert ids.count(end) == len(kept) + 1
    assert made.vocabulary.symbols[:-1] == tuple(sorted(set("".join(kept))))
    inner, found = ids[1:], []
    while inner:
        found.append(made.vocabulary.decode(inner[: inner.index(end)]))
        inner = inner[inner.index(end) + 1 :]
    assert found == kept


def test_each_split_begins_with_an_end_and_ends_with_one_and_no_document_is_cut(tmp_path):
    names = [f"{'abcdefghij'[number % 10] * (1 + number % 7)}" for number in range(60)]
    (tmp_path / "names").write_text("\n".join(names), "utf-8")
    text = read_text([str(tmp_path / "names")], boundary=r"\n")
    made = build(text, text.vocabulary(1), Split((0.7, 0.2, 0.1)))
    end, found = made.vocabulary.end_id, []
    for name, share in (("train", 0.7), ("valid", 0.2), ("test", 0.1)):
        ids = made.split(name)
        assert (ids[0], ids[-1]) == (end, end)
        assert abs(len(ids) - share * len(made.ids)) <= 8
        found += "".join(made.vocabulary.decode([i]) or "\n" for i in ids[1:]).splitlines()
    assert found == names
    whole = build(text, text.vocabulary(1), Split((1, 0, 0)))
    np.testing.assert_array_equal(whole.split("train"), whole.ids)
    assert len(whole.split("valid")) == len(whole.split("test")) == 0


def test_a_cut_falls_on_the_nearest_end():
    ends = np.array([0, 10, 50, 90, 100])
    assert cut(ends, Split((0.6, 0.2, 0.2))).bounds == (0, 50, 90, 100)
    assert cut(ends, Split((0.8, 0.2, 0))).bounds == (0, 90, 100, 100)
    assert cut(ends, Split((1, 0, 0))).bounds == (0, 100, 100, 100)


def test_too_few_documents_are_an_error_that_states_the_counts():
    with pytest.raises(
        TextError, match=r"too few documents: 2 split as \[0.9, 0.05, 0.05\] give train 2, valid 0, test 0"
    ):
        cut(np.array([0, 10, 20]), Split((0.9, 0.05, 0.05)))


def test_boundaries_are_not_counted_as_text(tmp_path):
    (tmp_path / "a").write_text("xx;yy;zz;w", "utf-8")
    text = read_text([str(tmp_path / "a")], boundary=";")
    assert text.vocabulary(2).symbols == ("x", "y", "z", "", "<end>")


def test_the_hash_covers_the_text_and_the_ends_of_files(tmp_path):
    for folder, files in (("one", ["ab"]), ("two", ["a", "b"]), ("other", ["", "ab"])):
        (tmp_path / folder).mkdir()
        for number, content in enumerate(files):
            (tmp_path / folder / str(number)).write_text(content, "utf-8")
    found = {folder: read_text([str(tmp_path / folder)], boundary="file").sha256 for folder in ("one", "two", "other")}
    assert found["one"] == hashlib.sha256(b"ab").hexdigest()
    assert len(set(found.values())) == 3


def test_a_source_without_text_and_one_that_is_too_long_are_named(tmp_path, monkeypatch):
    (tmp_path / "blank").write_text(" \n", "utf-8")
    (tmp_path / "long").write_text("abc\n" * 30, "utf-8")
    with pytest.raises(TextError, match="blank: holds no text"):
        read_text([str(tmp_path / "long"), str(tmp_path / "blank")], boundary=r"\n")
    monkeypatch.setattr(source_text, "IN_MEMORY", 200)
    read_text([str(tmp_path / "long")], boundary=r"\n")
    with pytest.raises(TextError, match=r"long: with data.boundary a text has at most 200 characters"):
        read_text([str(tmp_path / "long")] * 2, boundary=r"\n")


def test_char_rnns_slices_fit_no_documents_and_nanogpts_tenth_does():
    ends = np.arange(0, 1010, 10)
    assert cut(ends, make_split("nanogpt", (0.5, 0.3, 0.2), (50, 50))).bounds == (0, 900, 1000, 1000)
    with pytest.raises(TextError, match="protocol char-rnn cuts a text across its documents"):
        cut(ends, Split((0.9, 0.1, 0), "char-rnn"))


def test_rare_characters_of_documents_weigh_as_often_as_they_occur(tmp_path):
    """é has 2 bytes of UTF-8, 日 has 3 and occurs twice."""
    (tmp_path / "names.txt").write_text("aaa\né日\naaa\n日a\n", "utf-8")
    text = read_text([str(tmp_path / "names.txt")], boundary="\\n")
    made = build(text, text.vocabulary(3), Split((1, 0, 0)))
    assert made.unknown_length == pytest.approx(8 / 3)


@pytest.mark.parametrize(
    ("files", "boundary", "note"),
    [
        (["a\nb"], "---", "data.boundary='---' matches nowhere: the text is one document"),
        (["a\nb"], "blank-line", "data.boundary='blank-line' matches nowhere: the text is one document"),
        (["a\nb"], "Blank_Line", "data.boundary='Blank_Line' matches nowhere: the text is one document; did you mean blank-line?"),
        (["a\n\nb"], r"\r\n", r"data.boundary='\\r\\n' matches nowhere: the text is one document; a line break of a text is \n alone, whatever it is in the file"),
        (["a", "b"], "---", "data.boundary='---' matches nowhere: each file is one document"),
        (["a\n-\nb"], "^-$", "data.boundary='^-$' matches nowhere: the text is one document; to make ^ and $ match at every line, write (?m) before it"),
        (["-\na\n-\nb"], "^-\n", "data.boundary='^-\\n' matches only where a file begins or ends: the text is one document; to make ^ and $ match at every line, write (?m) before it"),
        (["a", "b"], "file", None),
        (["a\n"], r"\n", None),
        (["a\nb"], r"\n", None),
        (["a", "b---c"], "---", None),
        (["a\n-\nb"], "(?m)^-$", None),
    ],
)  # fmt: skip
def test_a_boundary_that_is_never_found_is_noted(files, boundary, note):
    assert split_documents(files, boundary).notes == (() if note is None else (note,))


def test_a_boundary_that_is_never_found_is_why_there_are_too_few_documents(tmp_path):
    (tmp_path / "a").write_text("one\ntwo\n", "utf-8")
    text = read_text([str(tmp_path / "a")], boundary="---")
    with pytest.raises(
        TextError, match=r"data.boundary='---' matches nowhere: the text is one document; .* too few doc"
    ):
        build(text, text.vocabulary(1), Split((0.5, 0.25, 0.25)))


@pytest.mark.parametrize("boundary", [None, r"\n"])
def test_half_a_surrogate_pair_is_named_with_its_place(tmp_path, boundary):
    (tmp_path / "a").write_bytes(b"fine\n")
    (tmp_path / "b").write_bytes(b"fine\r\na +2AA- b\n")
    with pytest.raises(
        TextError, match=r"[/\\]b:2:3: '\\ud800' \(U\+D800\), half of a surrogate pair, is not a character"
    ):
        read_text([str(tmp_path / "a"), str(tmp_path / "b")], encoding="utf-7", boundary=boundary)
