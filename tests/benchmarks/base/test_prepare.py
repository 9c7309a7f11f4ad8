"""Books become the text of a base: cleaned, in two shapes, with a part held out."""

import lzma
import random

import pytest
from benchmarks.base.cleaning import clean, curl, detokenise, straighten
from benchmarks.base.prepare import blocks, hold_out, is_prose, main, shape, versions

LINE = "She walked along the quay in the rain, and nobody there knew her name"
PARAGRAPH = f"{LINE},\n{LINE},\n{LINE}."
VERSE = "The tide came in,\nthe tide went out,\nand all the boats lay still"


def book(number, paragraphs=100):
    """A book whose every paragraph can be recognised."""
    return "\n\n".join(f"Book{number}word{at} {PARAGRAPH.removeprefix('She ')}" for at in range(paragraphs))


def test_wrapped_lines_are_prose_and_short_lines_are_not():
    assert is_prose(PARAGRAPH)
    assert is_prose("A heading")
    assert not is_prose(VERSE)
    assert not is_prose(f"{LINE}\n  {LINE}")


@pytest.mark.parametrize("joined", [False, True])
def test_verse_is_left_alone(joined):
    assert VERSE in shape([PARAGRAPH, VERSE], joined, False, random.Random(0))


def test_a_paragraph_is_joined_or_wrapped_at_one_width():
    assert shape([PARAGRAPH], True, False, random.Random(0)) == PARAGRAPH.replace("\n", " ")
    short_words = " ".join("x" * 200)
    wrapped = {shape([short_words], False, False, random.Random(seed)) for seed in range(40)}
    assert {" ".join(text.split()) for text in wrapped} == {short_words}
    assert {max(map(len, text.split("\n"))) for text in wrapped} == {59, 65, 69, 71, 75, 399}  # 399: as printed


def test_quotes_become_curly_or_straight():
    typed, printed = "\"It's late,\" he said--'so late'.", "“It’s late,” he said—‘so late’."
    assert curl(typed) == printed
    assert straighten(printed) == typed


def test_a_clean_book_has_no_marks_notes_or_rare_characters():
    text = "\ufeffShe _never_ came.[12]\r\n[Illustration: a\nboat]\n\n\n\n\nI _do\nso_ wish; \u4e2d caf\u00e9  \nsnake_case"
    assert clean(text) == "She never came.\n\n\n\nI do\nso wish;  café\nsnakecase".replace("\n\n\n\n", "\n\n\n")


def test_a_tokenised_book_gets_its_words_and_marks_together():
    text = "`` I do n't know , '' said he .\nIt 's ( perhaps ) late -- or so .\n" * 120
    assert clean(text).startswith("“I don’t know,” said he. It’s (perhaps) late--or so.\n\n“I don’t")


def test_paragraphs_of_a_tokenised_book_have_at_most_six_of_its_lines():
    assert [len(block.split()) for block in detokenise("one .\n" * 14).split("\n\n")] == [6, 6, 2]


def test_what_is_held_out_is_from_the_middle_and_is_nowhere_in_the_text_to_train_on():
    found = blocks(book(1))
    train, held_out = hold_out(found)
    at = found.index(held_out[0])
    assert train == found[:at] + found[at + len(held_out) :]
    assert sum(map(len, found[:at])) / sum(map(len, found)) == pytest.approx(0.5, abs=0.01)
    assert sum(map(len, held_out)) / sum(map(len, found)) == pytest.approx(0.015, abs=0.01)
    for version in versions("book", book(1)):
        words = [block.split()[0] for block in held_out]
        assert all(word in version.held_out.split() and word not in version.train.split() for word in words)


def test_a_book_has_both_shapes_and_both_kinds_of_quotes():
    wrapped, joined = versions("book", book(1).replace("nobody", '"nobody"'))
    assert max(map(len, wrapped.train.split("\n"))) <= 84 < max(map(len, joined.train.split("\n")))
    assert sorted(["“" in wrapped.train, "“" in joined.train]) == [False, True]
    assert ("“" in wrapped.train) == ("“" in wrapped.held_out)


def prepared(folder, out, *options):
    main([str(folder), str(out), *options])
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*.txt"))}


@pytest.fixture
def books(tmp_path):
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "SOURCES.md").write_text("not a book", "utf-8")
    (folder / "one.txt").write_text(book(1), "utf-8")
    (folder / "two.txt.xz").write_bytes(lzma.compress(book(2).encode()))
    (folder / "great_gatsby.txt").write_text(book(3), "utf-8")
    return folder


def test_books_become_one_text_always_the_same(books, tmp_path, capsys):
    found = prepared(books, tmp_path / "out")
    assert [*found] == ["english.txt", "held-out/one.txt", "held-out/two.txt"]
    assert found == prepared(books, tmp_path / "again")
    text = found["english.txt"].decode()
    assert text.count("Book1word0 ") == text.count("Book2word0 ") == 2  # in both versions
    assert "Book3" not in text
    assert "not a book" not in text
    held_out = found["held-out/one.txt"].decode().split()[0]
    assert text.split().count(held_out) == 1  # at the end, in one version
    assert found["held-out/one.txt"].decode().split().count(held_out) == 2
    printed = capsys.readouterr().out.splitlines()[0]
    train = int(printed.split("english.txt: ")[1].split()[0].replace(",", ""))
    assert text[train:].split()[0] == held_out
    assert f"data.split=[{train / len(text):.8f}, {1 - train / len(text):.8f}, 0]" in printed


def test_books_are_left_out_by_name(books, tmp_path):
    assert [*prepared(books, tmp_path / "out", "--leave-out", "one", "great_gatsby")] == [
        "english.txt",
        "held-out/two.txt",
    ]
    assert len(prepared(books, tmp_path / "all", "--leave-out")) == 4


def test_a_book_that_is_not_there_cannot_be_left_out(books, tmp_path):
    with pytest.raises(SystemExit, match="no book three to leave out"):
        main([str(books), str(tmp_path / "out"), "--leave-out", "three"])


def test_a_folder_without_books_is_reported(tmp_path):
    with pytest.raises(SystemExit, match=r"no books \(.txt or .txt.xz\)"):
        main([str(tmp_path), str(tmp_path / "out")])
