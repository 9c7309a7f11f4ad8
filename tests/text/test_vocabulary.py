import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import VocabularyError
from charrnn.text.vocabulary import BYTES, END, Vocabulary


@given(st.text(st.characters(), min_size=1))
def test_every_text_survives_encoding_and_decoding(text):
    vocabulary = Vocabulary.from_text(text)
    assert vocabulary.decode(vocabulary.encode(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_survives_as_bytes(text):
    vocabulary = Vocabulary.from_bytes()
    assert vocabulary.decode(vocabulary.encode(text)) == text


@given(st.text(min_size=1), st.integers(1, 4))
def test_symbols_are_sorted_by_code_point(text, min_count):
    if max(text.count(c) for c in text) < min_count:
        return
    vocabulary = Vocabulary.from_text(text, min_count)
    known = [symbol for symbol in vocabulary.symbols if symbol]
    assert known == sorted(c for c in set(text) if text.count(c) >= min_count)
    assert vocabulary == Vocabulary.from_text(text[::-1], min_count)


def test_rare_characters_share_one_unknown_symbol():
    vocabulary = Vocabulary.from_text("aaabbbxyz", min_count=2)
    assert vocabulary.symbols == ("a", "b", "")
    assert vocabulary.unknown_id == 2
    assert vocabulary.encode("abxq").tolist() == [0, 1, 2, 2]
    assert vocabulary.decode([0, 2]) == "a\ufffd"


def test_without_rare_characters_there_is_no_unknown_symbol():
    assert Vocabulary.from_text("aabb", min_count=2).unknown_id is None


def test_the_real_replacement_character_is_not_the_unknown_symbol():
    vocabulary = Vocabulary.from_text("\ufffda")
    assert vocabulary.unknown_id is None
    assert vocabulary.decode(vocabulary.encode("a\ufffd")) == "a\ufffd"


@pytest.mark.parametrize("character", ["ß", "\U0001f600", "\udc80", "A"])
def test_an_unknown_character_is_named_with_code_point_and_position(character):
    with pytest.raises(VocabularyError, match=rf"U\+{ord(character):04X}\) at character 3 is not among the 3"):
        Vocabulary.from_text("abc").encode("ab" + character)


@pytest.mark.parametrize("character", ["\U0001fae9", "\U0001fa8a", "é", "日", "\U0001f469"])
def test_a_visible_character_is_named_by_itself(character):
    with pytest.raises(VocabularyError, match=f"^'{character}' .* among the 1 characters that the model knows: a$"):
        Vocabulary.from_text("a").encode(character)
    with pytest.raises(VocabularyError, match=f" knows: {character}$"):
        Vocabulary.from_text(character).encode("a")


def test_an_invisible_character_is_named_by_its_escape():
    with pytest.raises(VocabularyError, match=r"^'\\u200d' \(U\+200D\).*: \\n\\x1b\"'\\\\\\xa0$"):
        Vocabulary.from_text("\n\x1b\"'\\\xa0").encode("\u200d")


def test_the_document_end_is_the_last_symbol_and_not_a_character():
    vocabulary = Vocabulary.from_counts(np.bincount([97, 97, 98]), min_count=2, ends=True)
    assert vocabulary.symbols == ("a", "", END)
    assert (vocabulary.unknown_id, vocabulary.end_id) == (1, 2)
    assert vocabulary.decode([2, 0, 1, 2]) == "a\ufffd"
    assert vocabulary.encode("a<end>\n").tolist() == [0, *[1] * 6]
    assert Vocabulary(("a", "", END)) == vocabulary
    assert Vocabulary.from_text("ab").end_id is None


@given(st.text(st.characters(), min_size=1))
def test_no_text_is_encoded_with_an_end(text):
    vocabulary = Vocabulary.from_counts(np.bincount([ord(c) for c in text]), ends=True)
    assert vocabulary.end_id not in vocabulary.encode(text).tolist()
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_all_unknown_characters_are_named_with_their_first_positions():
    with pytest.raises(
        VocabularyError,
        match=r"^'Ω' \(U\+03A9\) at character 12, '\N{SNOWMAN}' \(U\+2603\) at character 14 and 'Z' \(U\+005A\) at character 16 are not",
    ):
        Vocabulary.from_text("abc").encode("aΩb\N{SNOWMAN}ΩZZ", position=10)
    with pytest.raises(
        VocabularyError, match=r"'y' \(U\+0079\) at character 2 and 'x' \(U\+0078\) at character 3 are not"
    ):
        Vocabulary.from_text("abc").encode("ayxx")
    many = "".join(map(chr, range(0x400, 0x400 + 30)))
    with pytest.raises(VocabularyError, match=r"at character 20 and 10 more are not"):
        Vocabulary.from_text("abc").encode(many)


def test_the_known_characters_are_listed_and_how_many_more_there_are():
    with pytest.raises(VocabularyError, match=r"the 4 characters that the model knows: \\n a\\u200c$"):
        Vocabulary.from_text("a \n\u200c").encode("b")
    many = Vocabulary.from_text("".join(map(chr, range(0x4E00, 0x4E00 + 1234))))
    with pytest.raises(VocabularyError, match=r"the 1,234 characters that the model knows: (.*)") as caught:
        many.encode("b")
    shown, more = str(caught.value).split("knows: ")[1].split(" and ", 1)
    assert (shown, more[:11]) == ("".join(many.symbols[:200]), "1,034 more;")
    assert "charrnn.load(RUN).vocabulary.symbols" in more
    with pytest.raises(VocabularyError, match=rf"knows: {''.join(many.symbols[:200])}$"):
        Vocabulary(many.symbols[:200]).encode("b")


def test_a_message_does_not_name_the_end_among_the_characters():
    with pytest.raises(VocabularyError, match=r"is not among the 2 characters that the model knows: ab$"):
        Vocabulary(("a", "b", END)).encode("c")


@pytest.mark.parametrize(
    ("symbols", "before"),
    [("\na", "\n"), ("a", None), (("\n", "a", END), END), (("a", "", END), END), (("\t", "\n", ""), "\n")],
)
def test_a_text_begins_after_the_end_of_a_document_or_of_a_line(symbols, before):
    vocabulary = Vocabulary(tuple(symbols))
    assert vocabulary.begin_id == (None if before is None else vocabulary.symbols.index(before))
    assert Vocabulary.from_bytes().begin_id == ord("\n")


def test_ids_take_the_smallest_type():
    assert Vocabulary.from_text("ab").encode("ab").dtype == np.uint8
    assert Vocabulary.from_text("".join(map(chr, range(40, 340)))).encode("a").dtype == np.uint16


def test_nothing_frequent_enough_is_an_error_with_the_counts():
    with pytest.raises(VocabularyError, match="min_count=5: no character occurs that often; the most frequent has 2"):
        Vocabulary.from_text("aab", min_count=5)


@pytest.mark.parametrize(
    "symbols",
    [(), ("",), ("a", "a"), ("ab",), ("", "", "a"), (END,), ("", END), (END, "a"), ("a", END, END), ("a", END, "")],
)
def test_invalid_vocabularies_are_refused(symbols):
    with pytest.raises(VocabularyError):
        Vocabulary(symbols)


def test_a_byte_vocabulary_is_the_256_bytes():
    assert Vocabulary.from_bytes().symbols == BYTES
    with pytest.raises(VocabularyError, match="256 bytes"):
        Vocabulary(("a",), "byte")


def test_a_vocabulary_larger_than_unicode_is_refused():
    with pytest.raises(VocabularyError, match=r"300,000 different characters .* 262,144; is this text\?"):
        Vocabulary(tuple(map(chr, range(0x10000, 0x10000 + 300_000))))


def test_unknown_characters_of_any_text_are_marked():
    ids, missing = Vocabulary.from_text("ab c").read("aZ b")
    assert Vocabulary.from_text("ab c").decode(ids) == "a  b"
    assert missing.tolist() == [False, True, False, False]
    ids, missing = Vocabulary.from_text("abc").read("Zb")  # without a space
    assert (ids.tolist(), missing.tolist()) == ([0, 1], [True, False])


def test_unknown_characters_become_the_unknown_symbol():
    vocabulary = Vocabulary.from_text("aabbc", min_count=2)
    ids, missing = vocabulary.read("aZ")
    assert ids.tolist() == [0, vocabulary.unknown_id]
    assert not missing.any()


def test_bytes_are_all_known():
    ids, missing = Vocabulary.from_bytes().read("é")
    assert (ids.tolist(), missing.any()) == ([0xC3, 0xA9], False)
    assert Vocabulary.from_bytes().read(b"\xff")[0].tolist() == [255]


def test_lengths_in_utf_8():
    assert Vocabulary.from_text("aé€€", min_count=1).utf_8_lengths.tolist() == [1, 2, 3]
    assert Vocabulary.from_text("aab", min_count=2).utf_8_lengths.tolist() == [1, 0]
    assert set(Vocabulary.from_bytes().utf_8_lengths.tolist()) == {1}


@given(st.text(min_size=1), st.text(min_size=1), st.integers(1, 3))
def test_a_union_has_the_symbols_of_both_in_order_and_nothing_else(first, second, min_count):
    a, b = Vocabulary.from_text(first), Vocabulary.from_text(second + "a" * min_count, min_count)
    union = a.union(b)
    assert set(union.symbols) == {*a.symbols, *b.symbols}
    known = [symbol for symbol in union.symbols if symbol]
    assert known == sorted(known)
    assert union == b.union(a)
    assert union.unknown_id in (None, len(union) - 1)


def test_a_union_with_itself_is_itself_also_for_bytes():
    assert Vocabulary.from_bytes().union(Vocabulary.from_bytes()) == Vocabulary.from_bytes()
    assert Vocabulary.from_text("abc").union(Vocabulary.from_text("b")).symbols == ("a", "b", "c")


def test_characters_and_bytes_have_no_union():
    with pytest.raises(VocabularyError, match="unit char cannot take in one of unit byte"):
        Vocabulary.from_text("abc").union(Vocabulary.from_bytes())


def test_an_unknown_character_is_found_at_its_position_in_the_whole_text():
    vocabulary = Vocabulary.from_text("abc")
    with pytest.raises(VocabularyError, match="at character 3 "):
        vocabulary.encode("abx")
    with pytest.raises(VocabularyError, match="at character 1,003 "):
        vocabulary.encode("abx", position=1000)


def test_symbols_have_as_many_bytes_as_in_utf_8_and_a_documents_end_has_one():
    vocabulary = Vocabulary(("a", "é", "日", "😀", "", END))
    assert vocabulary.utf_8_lengths.tolist() == [1, 2, 3, 4, 0, 1]
    assert set(Vocabulary.from_bytes().utf_8_lengths.tolist()) == {1}


@pytest.mark.parametrize(
    ("symbols", "stand_in", "missing"),
    [(["\n", " ", "a"], 1, True), (["\n", "a"], 0, True), (["\n", " ", "a", ""], 3, False)],
)
def test_unknown_characters_become_the_unknown_symbol_or_a_space_or_the_first_symbol(symbols, stand_in, missing):
    vocabulary = Vocabulary(tuple(symbols))
    ids, unknown = vocabulary.read("axa")
    a = symbols.index("a")
    assert ids.tolist() == [a, stand_in, a]
    assert unknown.tolist() == [False, missing, False]
