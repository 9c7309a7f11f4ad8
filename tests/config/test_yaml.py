import math

import pytest

from charrnn.config.yaml import dump, parse, scalar
from charrnn.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5e-5", 5e-5), ("1e-3", 1e-3), ("1e3", 1000.0), ("1E+3", 1000.0), ("2.", 2.0), (".5", 0.5), ("-1.5e2", -150.0),
        ("010", 10), ("-3", -3), ("12:30", "12:30"), ("on", "on"), ("yes", "yes"), ("off", "off"), ("true", True), ("False", False),
        ("null", None), ("~", None), ("", None), (".inf", math.inf), ("2020-01-01", "2020-01-01"), ("1_000", "1_000"), ("'5'", "5"),
        ("[0.9, 0.1, 0]", [0.9, 0.1, 0]),
    ],
)  # fmt: skip
def test_scalars_have_the_types_that_people_expect(text, value):
    found = scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_every_key_knows_its_line():
    document = parse("a: 1\nb:\n  c: 2\n  d: [3,\n    4]\n", "f")
    assert document.values == {"a": 1, "b": {"c": 2, "d": [3, 4]}}
    assert document.lines == {("a",): 1, ("b",): 2, ("b", "c"): 3, ("b", "d"): 4}


def test_duplicate_keys_are_mistakes_with_both_lines():
    document = parse("a: 1\nb: 2\na: 3\n", "f")
    assert document.mistakes == [(("a",), 3, "written twice; the first is in line 1")]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_is_an_empty_configuration(text):
    assert parse(text, "f").values == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "f: a configuration is a mapping .*; found a list"),
        ("hello", "found a single value"),
        ("a: [1, 2\nb: 3", r"f: not YAML: .*line 2"),
        ("a: !!python/object:os.system x", "f: not YAML: could not determine a constructor"),
        ("a: {b: {c: {d: {e: 1}}}}", r"f:1: a\.b\.c\.d: nested too deeply"),
        ("a: 1\n---\nb: 2\n", "f: not YAML"),
        ("a: \x00", "not YAML"),
    ],
)
def test_an_invalid_configuration_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        parse(text, "f")


def test_an_alias_of_a_plain_word_is_harmless():
    assert parse("a: &x word\nb: *x", "f").values == {"a": "word", "b": "word"}


def test_a_bomb_of_aliases_is_refused_at_once():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
    )
    with pytest.raises(ConfigError, match=r"an alias must stand for a single value \(line 2"):
        parse(bomb, "f")


@pytest.mark.parametrize(
    "word", ["1e3", "08", ".5", "5e-5", "true", "on", "~", "", "null", "010", "12:30", "\\n", "\n", "a: b", "[a-z]"]
)
def test_text_is_written_so_that_it_is_read_as_text(word):
    values = {"a": word, "b": [word, 1, 0.5, None, True]}
    assert parse(dump(values), "f").values == values
