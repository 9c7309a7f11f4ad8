import pytest

from charrnn.text.characters.graphemes import first_graphemes, graphemes, last_graphemes

FAMILY, FLAG, SCOTLAND = "👩\u200d👩\u200d👧", "🇩🇪", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    "clusters",
    [
        ["a", "b", " ", "\n"],
        ["e\u0301", "a\u0308\u0323", "x"],
        [FAMILY, FAMILY, "a"],
        [FLAG, "🇫🇷", "🇬"],
        [SCOTLAND, "👍🏽", "\u2764\ufe0f", "1\ufe0f\u20e3"],
        ["م", "ی\u200c", "خ"],
        ["हि", "न्दी", "क्षि"],
        ["กำ", "น้ำ"],
        ["\u1112\u1161\u11ab", "글"],  # Hangul decomposed, and not
        ["灯", "台", "\u3000"],
        ["\n", "\u0301"],
        ["a\u200d", "b"],  # a joiner joins pictures
    ],
)
def test_a_text_is_split_between_graphemes(clusters):
    assert graphemes("".join(clusters)) == clusters


def test_a_text_is_cut_between_graphemes():
    text = f"a{FAMILY}e\u0301z"
    assert [first_graphemes(text, most) for most in (1, 3, 6, 7, 8, 9)] == [
        "a", "a", f"a{FAMILY}", f"a{FAMILY}", f"a{FAMILY}e\u0301", text,
    ]  # fmt: skip
    assert [last_graphemes(text, most) for most in (1, 2, 3, 7, 8, 9)] == [
        "z", "z", "e\u0301z", "e\u0301z", f"{FAMILY}e\u0301z", text,
    ]  # fmt: skip
    assert first_graphemes("", 3) == last_graphemes("", 3) == ""
