"""Which characters may be written."""

import pytest

from charrnn.errors import SamplingError
from charrnn.generation.allowed_symbols import disallowed_symbols, unknown_symbols, words_taken_as_letters
from charrnn.text.vocabulary import END, Vocabulary

VOCABULARY = Vocabulary.from_text("abcXY12 \n,:!")


def allowed(only, vocabulary=VOCABULARY):
    left_out = disallowed_symbols(vocabulary, only)
    symbols = vocabulary.symbols
    return "".join(symbols if left_out is None else [s for s, out in zip(symbols, left_out, strict=True) if not out])


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("letters", "XYabc"),
        ("Letters", "XYabc"),
        ("LOWERCASE", "abc"),
        ("letters,digits", "12XYabc"),
        (" Uppercase , space ", "\n XY"),
        (["letters", "digits"], "12XYabc"),
        (["digits", "!", "a"], "!12a"),
        (["digits,space", "chars:,:"], "\n ,12:"),
        (["Ω", "a"], "a"),
        (("lowercase",), "abc"),
        ("abc", "abc"),
        ("a,b", ",ab"),
        (",", ","),
        ("chars:space,letters", ",ac"),
        ("chars:chars:", ":ac"),
        ("ab ", " ab"),
        (None, "".join(VOCABULARY.symbols)),
    ],
)
def test_classes_and_characters_add_up(only, expected):
    assert allowed(only) == expected


@pytest.mark.parametrize(
    ("only", "meant"),
    [
        ("letter", "letters"),
        ("Lettres", "letters"),
        ("lower", "lowercase"),
        ("upper case", "uppercase"),
        ("letters space", "letters and space"),
        ("letters,", "letters"),
        ("letters,spce", "letters and space"),
        ("digits ,.!", "digits"),
        ("letters\n", "letters"),
        ("letters,\n", "letters"),
        (["abc", "digit"], "digits"),
    ],
)
def test_a_misspelled_class_is_asked_about_and_not_read_as_letters(only, meant):
    with pytest.raises(SamplingError, match=rf"did you mean {meant}\?.*for exactly these characters write chars:"):
        disallowed_symbols(VOCABULARY, only)


@pytest.mark.parametrize("only", ["", "Ω", [], ["Ω", ""], "chars:"])
def test_allowing_no_symbol_is_refused(only):
    with pytest.raises(SamplingError, match="the model knows none of these"):
        disallowed_symbols(VOCABULARY, only)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("हिन्दी में, १२।", "हिन्दीमें"),
        ("ภาษาไทย ที่ ๑", "ภาษาไทยที่"),
        ("e\u0301te\u0301 3", "e\u0301t"),
        ("می\u200cخواهم!", "می\u200cخواهم"),
        ("עִבְרִית.", "עִבְרִית"),
        ("漢字かな,ー", "漢字かなー"),
        ("ǅ ß 1", "ǅß"),
        ("ok 👩\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3", "ok"),
        ("शक्\u200dति 👩\u200d👧 ❤\ufe0f", "शक्\u200dति"),
        ("Auf\u200cl", "Auf\u200cl"),
    ],
)
def test_letters_are_written_with_their_marks_and_joiners(text, letters):
    assert set(allowed("letters", Vocabulary.from_text(text))) == set(letters)


def test_the_question_quotes_the_word_as_typed():
    with pytest.raises(SamplingError, match=r"write chars:letters,\\n$"):
        disallowed_symbols(VOCABULARY, "letters,\n")


def test_words_that_are_not_a_class_are_found():
    asked = ["numbers", "letters", "abc", "aeiou", "chars:aeiou", "a,b,c,d", "été,", "Emoji"]
    assert words_taken_as_letters(asked) == ["numbers", "aeiou", "Emoji"]
    assert words_taken_as_letters("words") == ["words"]
    assert words_taken_as_letters(None) == []


def test_accents_have_a_case_only_on_letters_with_a_case():
    vocabulary = Vocabulary.from_text("e\u0301 E 1")
    assert set(allowed("lowercase", vocabulary)) == set("e\u0301")
    assert set(allowed("uppercase", vocabulary)) == set("E\u0301")
    hindi = Vocabulary.from_text("हिन्दी e\u0301")
    assert set(allowed("lowercase", hindi)) == set("e\u0301")  # and no vowel signs, which stand on letters without case
    for nothing_but_marks in ("हिन्दी", "1\u0301", "\u200d1"):
        with pytest.raises(SamplingError, match="knows none of these"):
            disallowed_symbols(Vocabulary.from_text(nothing_but_marks), "lowercase")
    with pytest.raises(SamplingError, match="knows none of these"):
        disallowed_symbols(Vocabulary.from_text("1\u0301\u200d"), "letters")
    assert allowed("\u0301", vocabulary) == "\u0301"  # by itself it may be asked for


def test_characters_are_found_in_the_form_that_the_model_knows():
    assert set(allowed("é", Vocabulary.from_text("e\u0301a"))) == set("e\u0301")
    assert allowed("e\u0301", Vocabulary.from_text("éa")) == "é"


def test_unknown_characters_are_named_but_not_those_of_classes():
    assert unknown_symbols(VOCABULARY, ["aΩbΩ", "letters", "chars:☃"]) == "Ω☃"
    assert unknown_symbols(VOCABULARY, "digits") == unknown_symbols(VOCABULARY, None) == ""


def test_only_ascii_bytes_are_characters_by_themselves():
    vocabulary = Vocabulary.from_bytes()
    assert allowed(["digits", "ab"], vocabulary) == "0123456789ab"
    assert allowed("letters", vocabulary).isascii()
    with pytest.raises(SamplingError, match="ASCII characters alone"):
        disallowed_symbols(vocabulary, ["a", "é"])
    assert disallowed_symbols(vocabulary) is None


def test_a_document_may_end_but_not_at_once_and_the_unknown_symbol_is_never_written():
    vocabulary = Vocabulary(("a", "b", "", END))
    assert allowed("a", vocabulary) == "a" + END
    assert allowed(None, vocabulary) == "ab" + END
    with pytest.raises(SamplingError, match="none of these"):
        disallowed_symbols(vocabulary, END)
