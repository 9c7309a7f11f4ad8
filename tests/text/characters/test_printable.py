import json
import sys
from unicodedata import category

import pytest

from charrnn.text.characters.printable import is_unsafe, json_text, printable, printable_line, quote

HARMLESS = {
    "no-break space": "« oui »\u00a0!",
    "ideographic space": "灯台\u3000の光",
    "zero-width non-joiner": "می\u200cخواهم",
    "zero-width joiner": "👩\u200d👩\u200d👧",
    "variation selector": "\u2764\ufe0f \u845b\U000e0100",
    "emoji tags": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "newer than the tables of Python": "\U0001fae9\U000323b0\U00088888",
    "private": "\ue000",
    "marks of direction": "\u200ea\u200f\u061c",
    "soft hyphen": "co\u00adoperate",
    "decomposed": "e\u0301",
    "byte order mark, word joiner": "\ufeffa\u2060b",
    "a real replacement character": "\ufffd",
    "a real picture": "\u241b\u2421",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_harmless_characters_are_printed_unchanged(text):
    assert printable(text) == printable_line(text) == text
    assert json.loads(json_text(text)) == text
    assert json_text(text) == json.dumps(text, ensure_ascii=False)


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\x00", "␀"), ("\x07", "␇"), ("\x08", "␈"), ("\x0b", "␋"), ("\x0c", "␌"), ("\r", "␍"), ("\x1b", "␛"), ("\x1f", "␟"),
        ("\x7f", "␡"), ("\x80", "<U+0080>"), ("\x85", "<U+0085>"), ("\x9b", "<U+009B>"), ("\x9f", "<U+009F>"),
        ("\u2028", "<U+2028>"), ("\u2029", "<U+2029>"), ("\u202a", "<U+202A>"), ("\u202e", "<U+202E>"),
        ("\u2066", "<U+2066>"), ("\u2069", "<U+2069>"), ("\ud800", "<U+D800>"), ("\udcff", "<U+DCFF>"),
    ],
)  # fmt: skip
def test_control_characters_are_printed_visibly(character, shown):
    assert printable(f"a{character}b") == printable_line(f"a{character}b") == f"a{shown}b"
    assert is_unsafe(character)
    assert json_text(character) == f'"\\u{ord(character):04x}"' or character in "\x08\x0c\r"
    assert json.loads(json_text(character)) == character


def test_line_ends_and_tabs_are_printed_in_texts_and_escaped_in_names():
    assert printable("a\tb\nc\r\n") == "a    b\nc␍\n"
    assert printable_line("a\tb\nc") == "a␉b␊c"


def test_the_unsafe_ones_are_the_controls_the_bidi_controls_the_line_ends_and_the_surrogates():
    expected = {
        code
        for code in range(sys.maxunicode + 1)
        if category(chr(code)) in ("Cc", "Cs", "Zl", "Zp") or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069
    }
    assert {code for code in range(0x10000) if is_unsafe(chr(code))} == expected


@pytest.mark.parametrize("text", ["", "a'b", 'a"b', "a'\"b", "\\", "\\U0001fae9", "\x1b\n\u00a0\u200d\ufffd", "日é"])
def test_known_characters_are_quoted_as_by_repr(text):
    assert quote(text) == repr(text)


def test_characters_newer_than_the_unicode_tables_are_quoted_unchanged():
    assert quote("a\U0001fa8a'\n\\U0001fa8a") == '"a\U0001fa8a\'\\n\\\\U0001fa8a"'
