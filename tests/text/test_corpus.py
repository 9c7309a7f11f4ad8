import hashlib
from dataclasses import replace
from itertools import repeat

import pytest

from charrnn.errors import TextError, VocabularyError
from charrnn.text.corpus import build
from charrnn.text.source_text import SourceText, read_text
from charrnn.text.splits import Split
from charrnn.text.vocabulary import Vocabulary


def corpus(content, split):
    text = SourceText.from_content(content)
    return build(text, text.vocabulary(1), Split(split))


def test_splits_are_contiguous_in_order_and_leave_nothing_out():
    made = corpus("0123456789" * 10, (0.7, 0.2, 0.1))
    parts = [made.vocabulary.decode(made.split(name)) for name in ("train", "valid", "test")]
    assert [len(part) for part in parts] == [70, 20, 10]
    assert "".join(parts) == "0123456789" * 10


def test_the_last_tenth_of_tiny_shakespeare_is_nanogpts(shakespeare):
    text = read_text([str(shakespeare)])
    made = build(text, text.vocabulary(1), Split((0.9, 0.1, 0)))
    assert len(made.split("train")) == 1_003_854
    assert len(made.split("valid")) == 111_540
    assert len(made.vocabulary) == 65
    assert text.sha256 == hashlib.sha256(shakespeare.read_bytes()).hexdigest()


def test_a_split_without_a_share_is_empty():
    made = corpus("ab" * 50, (0.9, 0.1, 0))
    assert len(made.split("test")) == 0
    assert len(made.split("train")) + len(made.split("valid")) == 100


@pytest.mark.parametrize("length", [1, 2, 10, 30])
def test_too_short_a_text_is_an_error_that_states_the_counts(length):
    with pytest.raises(TextError, match=rf"{length} characters? split as .* give train {int(length * 0.9)}"):
        corpus("a" * length, (0.9, 0.05, 0.05))


def test_another_vocabulary_is_refused():
    with pytest.raises(VocabularyError, match="'c'"):
        build(SourceText.from_content("abc"), Vocabulary.from_text("ab"), Split((1, 0, 0)))


def test_bytes_need_no_decoding(tmp_path):
    (tmp_path / "x").write_bytes(b"\xff\0\xfe")
    text = read_text([str(tmp_path / "x")], unit="byte")
    assert build(text, text.vocabulary(1), Split((1, 0, 0))).ids.tolist() == [255, 0, 254]


def test_rare_characters_weigh_as_often_as_they_occur():
    """é has 2 bytes of UTF-8, 日 has 3 and occurs twice, 😀 has 4: (2 + 3 + 3 + 4) / 4."""
    text = SourceText.from_content("aaaa" + "é日日😀")
    made = build(text, text.vocabulary(3), Split((1, 0, 0)))
    assert made.unknown_length == 3
    text = SourceText.from_content("aaaa" + "é日日")
    assert build(text, text.vocabulary(3), Split((1, 0, 0))).unknown_length == pytest.approx(8 / 3)


def test_the_context_of_a_split_is_the_text_before_it():
    made = corpus("0123456789" * 10, (0.7, 0.2, 0.1))
    decode = made.vocabulary.decode
    assert [decode(row) for row in made.before("valid", 4)] == ["6789"]
    assert [decode(row) for row in made.before("test", 12)] == ["890123456789"]
    assert made.before("train", 4).shape == (1, 0)
    assert made.before("valid", 100).shape == (1, 70)


def test_a_text_that_grows_without_end_after_it_was_measured_is_refused():
    text = replace(SourceText.from_content("abc\n" * 10), pieces=lambda: repeat("abc\n"))
    with pytest.raises(TextError, match="the text changed while it was read"):
        build(text, text.vocabulary(1), Split((1, 0, 0)))
