"""For any file content, a reader returns a result or raises CharrnnError; written files are read back equal."""

import json
from pathlib import Path

import pytest
from faults.sealing import assembled, contents, sealed, small_checkpoint
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from charrnn.config import typed_values
from charrnn.config.resolve import known_keys, resolve, to_yaml
from charrnn.config.schema import Config
from charrnn.errors import CharrnnError
from charrnn.runs.storage.checkpoint import load
from charrnn.text import corpus, source_text
from charrnn.text.reading import sources
from charrnn.text.splits import Split

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}
readers = settings(**COMMON)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
    max_leaves=12,
)
pieces = "model|training|data|hidden_size|split|5|1e3|[|]|{|}|: |, |\n|  |- |? |&a |*a|<<: |!!set |!!int |!!timestamp |'|#|%|---\n|null|.nan"
words = st.sampled_from([*known_keys(), *pieces.split("|"), "| "])


def outcome(read):
    """The reader's result, or None if it raises CharrnnError; any other exception fails the test."""
    try:
        return read()
    except CharrnnError:
        return None


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a checkpoint with nothing wrong."""
    return small_checkpoint(tmp_path_factory.mktemp("whole") / "whole.safetensors").read_bytes()


# Configurations


@readers
@given(st.binary(max_size=300) | st.lists(words, max_size=30).map(lambda parts: "".join(parts).encode()))
def test_any_bytes_as_a_configuration(tmp_path, content):
    (tmp_path / "c.yaml").write_bytes(content)
    outcome(lambda: resolve(str(tmp_path / "c.yaml")))


@readers
@given(json_values)
@pytest.mark.slow
def test_any_json_as_a_configuration(tmp_path, content):
    (tmp_path / "c.yaml").write_text(json.dumps(content), "utf-8")
    outcome(lambda: resolve(str(tmp_path / "c.yaml")))


@readers
@given(st.sampled_from([key for key in known_keys() if not typed_values.is_text(key)]), json_values)
def test_any_json_as_the_value_of_a_key(tmp_path, key, value):
    section, name = key.split(".")
    (tmp_path / "c.yaml").write_text(json.dumps({section: {name: value}}), "utf-8")
    in_file = outcome(lambda: resolve(str(tmp_path / "c.yaml")).config)
    as_option = outcome(lambda: resolve(None, [f"{key}={json.dumps(value)}"]).config)
    assert in_file == as_option


@readers
@given(
    st.lists(
        st.text(max_size=20) | st.tuples(words, st.lists(words)).map(lambda p: f"{p[0]}={''.join(p[1])}"), max_size=3
    )
)
def test_any_text_as_settings(texts):
    outcome(lambda: resolve(None, texts))


def of_schema(schema, definitions):
    """A strategy for the values that a JSON Schema allows, as far as this program's schemas go."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return st.one_of([of_schema(option, definitions) for option in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object":
            return st.fixed_dictionaries(
                {}, optional={name: of_schema(value, definitions) for name, value in schema["properties"].items()}
            )
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "number":
            low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
            high = schema.get("exclusiveMaximum", high)
            return st.floats(
                low,
                high,
                exclude_min="exclusiveMinimum" in schema,
                exclude_max="exclusiveMaximum" in schema,
                allow_nan=False,
                allow_infinity=False,
            )
        case "string":
            return st.sampled_from(["utf-8", "utf-16", "latin-1", "UTF 8", "cp1252", "utf_8_sig", "no", "1e3", "null"])
        case "array":
            thirds = st.sampled_from([(1.0, 0.0, 0.0), (0.5, 0.25, 0.25), (1 / 3, 1 / 3, 1 / 3), (0.7, 0.2, 0.1)])
            return thirds.map(list)
        case "null":
            return st.none()
    raise AssertionError(f"the schema holds something new: {schema}")


SCHEMA = Config.model_json_schema()


@readers
@given(of_schema(SCHEMA, SCHEMA["$defs"]))
@pytest.mark.slow
def test_a_configuration_survives_being_written(tmp_path, values):
    try:
        config = Config.model_validate(values)
    except ValidationError:  # what does not go together, which no schema says
        assume(False)
    (tmp_path / "c.yaml").write_text(to_yaml(config), "utf-8")
    assert resolve(str(tmp_path / "c.yaml")).config == config


def test_the_strategies_cover_every_key():
    made = {f"{section}.{key}" for section, ref in SCHEMA["properties"].items() for key in _keys(ref)}
    assert made == set(known_keys())


def _keys(ref):
    return SCHEMA["$defs"][ref["$ref"].rpartition("/")[2]]["properties"]


# Checkpoints


@readers
@given(st.binary(max_size=400))
def test_any_bytes_as_a_checkpoint(tmp_path, content):
    (tmp_path / "c.safetensors").write_bytes(content)
    outcome(lambda: load(tmp_path / "c.safetensors"))


@readers
@given(header=json_values, data=st.binary(max_size=40))
def test_any_json_as_a_header(tmp_path, header, data):
    (tmp_path / "c.safetensors").write_bytes(sealed(json.dumps(header).encode(), data))
    assert outcome(lambda: load(tmp_path / "c.safetensors")) is None


@readers
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_bit_of_a_checkpoint_counts(tmp_path, whole, place, bit):
    content = bytearray(whole)
    content[place % len(whole)] ^= 1 << bit
    (tmp_path / "c.safetensors").write_bytes(content)
    assert outcome(lambda: load(tmp_path / "c.safetensors")) is None


def with_a_value(data, tree, value):
    """A copy of a tree of JSON with one of its values, drawn at random, replaced."""
    if not isinstance(tree, dict | list) or not tree:
        return value
    key = data.draw(st.sampled_from(sorted(tree)) if isinstance(tree, dict) else st.integers(0, len(tree) - 1))
    copy = tree.copy()
    copy[key] = with_a_value(data, tree[key], value) if data.draw(st.integers(0, 4)) else value
    return copy


@readers
@given(data=st.data(), value=json_values, in_record=st.booleans())
def test_any_value_in_a_sealed_checkpoint(tmp_path, whole, data, value, in_record):
    content, record, tensors = contents(whole)
    if in_record:
        record = with_a_value(data, record, value)
        record = record if isinstance(record, str) else json.dumps(record)
    else:
        described = with_a_value(data, {key: content[key] for key in content if key != "__metadata__"}, value)
        assume(isinstance(described, dict))
        content = {"__metadata__": content["__metadata__"]} | described
    (tmp_path / "c.safetensors").write_bytes(assembled(content, record, tensors))
    loaded = outcome(lambda: load(tmp_path / "c.safetensors"))
    if loaded is not None:
        assert loaded.network.parameters.flat.tobytes() in whole


@readers
@given(header=st.binary(max_size=100), data=st.binary(max_size=40), length=st.integers(0, (1 << 64) - 1))
def test_any_length_given_for_a_header(tmp_path, header, data, length):
    (tmp_path / "c.safetensors").write_bytes(sealed(header, data, length))
    assert outcome(lambda: load(tmp_path / "c.safetensors")) is None


# Texts

ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-be",
    "utf-32",
    "utf-7",
    "latin-1",
    "cp1252",
    "shift_jis",
    "gb18030",
]
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.lists(st.sampled_from(["\r\n", "\r", "\n", "a", "é", "€", "😀", "\ufeff"]) | characters, min_size=1).map(
    "".join
)


def read(path, unit, encoding, piece):
    """The result of reading with this piece size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "PIECE", piece)
        return outcome(lambda: source_text.read_text([str(path)], unit, encoding))


@readers
@given(texts.filter(lambda text: text.strip()), st.sampled_from(ENCODINGS), st.integers(1, 8))
def test_a_text_is_the_same_whatever_is_read_at_once(tmp_path, text, encoding, piece):
    try:
        content = text.encode(encoding)
        assume(content.decode(encoding) == text)
    except UnicodeError:
        assume(False)
    (tmp_path / "t.txt").write_bytes(content)
    expected = text.removeprefix("\ufeff").replace("\r\n", "\n")
    assume(expected.strip())
    found = read(tmp_path / "t.txt", "char", encoding, piece)
    assert found.content == read(tmp_path / "t.txt", "char", encoding, 1 << 20).content == expected
    vocabulary = found.vocabulary(1)
    ids = (
        corpus.build(found, vocabulary, Split((1.0, 0.0, 0.0))).ids
        if len(expected) > 1
        else vocabulary.encode(expected)
    )
    assert vocabulary.decode(ids.tolist()) == expected


@readers
@given(
    st.binary(max_size=200),
    st.sampled_from(["char", "byte"]),
    st.sampled_from([*ENCODINGS, "unicode_escape", "idna", "punycode", "hz"]),
    st.sampled_from([".txt", ".gz", ".bz2", ".xz"]),
    st.integers(1, 30),
)
def test_any_bytes_as_a_text(tmp_path, content, unit, encoding, ending, piece):
    path = Path(tmp_path, f"t{ending}")
    path.write_bytes(content)
    found, slowly = read(path, unit, encoding, 1 << 20), read(path, unit, encoding, piece)
    if encoding not in ("idna", "punycode"):  # Python decodes these without regard to what came before
        assert (found and found.sha256) == (slowly and slowly.sha256)


@readers
@given(st.binary(min_size=1, max_size=200).filter(lambda content: not content.isspace()), st.integers(1, 30))
def test_bytes_are_their_own_ids(tmp_path, content, piece):
    (tmp_path / "t.txt").write_bytes(content)
    found = read(tmp_path / "t.txt", "byte", "utf-8", piece)
    assert found.vocabulary(1).encode_bytes(found.content).tobytes() == content
