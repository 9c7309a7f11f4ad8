"""For keys whose values are texts, the text after KEY= is the value."""

import pytest
from cell_names import ONE_OF_THE_CELLS
from hypothesis import given
from hypothesis import strategies as st

from charrnn.config import typed_values
from charrnn.config.resolve import resolve, to_yaml
from charrnn.config.yaml import dump, parse
from charrnn.errors import ConfigError
from charrnn.sweeps.grid import parse_axes, trials

BOUNDARY = "data.boundary"
TEXTS = [
    "---", "#", "!", "~", "§ # §", "%", "@", "&", "::", "[a]", "{x}", '"quoted"', "'quoted'", "- a", '"', "'", " a ", "\t",
    "5", "1e-3", "true", "a: b", "Null", "NULL", "...", "a=b", "!!str x", "&a", "%YAML", "{", "a,b", r"\n", r"\\", r"\d+\.",
    "\n", "\u2028", "\ufeff", "\x85", "é", "e\u0301", "\U0001f469\u200d\U0001f469", "[n]ull",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_its_characters_whatever_yaml_would_make_of_them(text, tmp_path):
    config = resolve(None, [f"{BOUNDARY}={text}"]).config
    assert config.data.boundary == text
    file = tmp_path / "config.yaml"
    file.write_bytes(to_yaml(config).encode())
    assert resolve(str(file)).config == config
    choice = text.replace("\\", "\\\\").replace(",", "\\,") if "," in text else text
    assert parse_axes([f"{BOUNDARY}={choice},;"])[0].values == (text, ";")


def test_null_means_no_text_where_a_text_is_optional():
    assert resolve("names", [f"{BOUNDARY}=null"]).config.data.boundary is None
    assert parse_axes([f"{BOUNDARY}=null,;"])[0].values == (None, ";")
    assert typed_values.value("data.encoding", "null") == "null"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("***", r"nothing to repeat at position 0; to mean the characters themselves, write \*\*\*; found '***'"),
        ("(", r"to mean the characters themselves, write \(; found '('"),
        ("* x", r"write \* x"),
        ("\\", r"write \\; found"),
        ("", "must not be empty; found ''"),
        ("x" * 1001, "must have at most 1000 characters"),
        ("\udcff", "must be valid Unicode text"),
    ],
)
def test_an_invalid_boundary_is_refused_with_a_correction(text, words):
    with pytest.raises(ConfigError) as refusal:
        resolve(None, [f"{BOUNDARY}={text}"])
    assert words in str(refusal.value)
    assert str(refusal.value).startswith("`settings`: data.boundary: ")


@pytest.mark.parametrize("text", ["---", "#", "!", "%", "[1", "@", "", " ", "*a", "|", "{a", '"', "..."])
@pytest.mark.parametrize(
    ("key", "must"),
    [
        ("training.steps", "must be a whole number"),
        ("training.max_grad_norm", "must be a number"),
        ("training.freeze", "must be a list, in brackets"),
        ("model", "must be a section of options"),
        ("model.cell", f"must be {ONE_OF_THE_CELLS}"),
        ("model.nothing", "no such key"),
    ],
)
def test_a_mistake_names_its_key_and_never_quotes_the_parser(key, must, text):
    with pytest.raises(ConfigError, match=f"^`settings`: {key}: {must}") as refusal:
        resolve(None, [f"{key}={text}"])
    assert "YAML" not in str(refusal.value)


@pytest.mark.parametrize("text", ["null", " null ", "~", "Null"])
def test_null_means_none_for_keys_that_are_not_texts(text):
    assert resolve(None, [f"training.max_grad_norm={text}"]).config.training.max_grad_norm is None


@pytest.mark.parametrize("text", ["gru", " gru ", "'gru'", '"gru"'])
def test_one_of_several_words_may_be_quoted(text):
    assert resolve(None, [f"model.cell={text}"]).config.model.cell == "gru"
    found = trials(parse_axes([f"model.cell={text},lstm"]), None, (), {}, None, 0)
    assert [trial.config.model.cell for trial in found] == ["gru", "lstm"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"a\,b,c", ["a,b", "c"]),
        (r"\\,c", [r"\\", "c"]),  # a backslash, as a regular expression has it, and a second value
        (r"\\\,c", [r"\\,c"]),
        (r"x{2\,3}", ["x{2,3}"]),
        (r"\n,\d", [r"\n", r"\d"]),
        (" a , b", [" a ", " b"]),
        ("1..2", ["1..2"]),
        ("'a,b'", ["'a", "b'"]),
        ("a\\", ["a\\"]),
    ],
)
def test_commas_separate_texts_and_a_backslash_keeps_one(text, expected):
    assert list(parse_axes([f"{BOUNDARY}={text}"])[0].values) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_every_text_survives_the_file_of_its_run(text):
    assert parse(dump({"data": {"boundary": text}}), "f").values == {"data": {"boundary": text}}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_every_list_of_texts_can_be_typed(texts):
    texts = [text for text in texts if "\\" not in text] or ["a"]
    grid = ",".join(text.replace(",", "\\,") for text in texts)
    assert typed_values.values(BOUNDARY, grid) == [None if text == "null" else text for text in texts]
