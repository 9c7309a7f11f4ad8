import json
import math
import re
from pathlib import Path
from typing import get_args

import pytest
from cell_names import ONE_OF_THE_CELLS
from hypothesis import given
from hypothesis import strategies as st

import charrnn
from charrnn import api
from charrnn.config import resolve as module
from charrnn.config.problems import shorten
from charrnn.config.resolve import find_config, flatten, known_keys, override, resolve, to_yaml
from charrnn.config.schema import Config, Model
from charrnn.errors import ConfigError
from charrnn.network.activations import NONLINEARITIES
from charrnn.network.architecture import CELLS, INITIALISATIONS
from charrnn.network.readout import READOUTS
from charrnn.package import shipped


def write(path, text):
    path.write_text(text, "utf-8")
    return str(path)


def mistakes(text, tmp_path, settings=()):
    with pytest.raises(ConfigError) as caught:
        resolve(write(tmp_path / "c.yaml", text), settings)
    return str(caught.value)


def test_options_override_set_which_overrides_the_file_and_the_defaults(tmp_path):
    file = write(tmp_path / "c.yaml", "training:\n  seed: 1\n  steps: 11\n  batch_size: 21\n")
    resolved = resolve(file, ["training.steps=12", "training.batch_size=22"], {"training.batch_size": ("--batch", 23)})
    training = resolved.config.training
    assert (training.epochs, training.seed, training.steps, training.batch_size) == (30.0, 1, 12, 23)
    assert [resolved.origin(f"training.{key}") for key in ("epochs", "seed", "steps", "batch_size")] == [
        "default", f"{file}:2", "`settings`", "--batch",
    ]  # fmt: skip


def test_other_defaults_lie_beneath_the_file_and_know_their_origin(tmp_path):
    file = write(tmp_path / "c.yaml", "model:\n  dropout: 0.1\ndata:\n")
    defaults = {"model.dropout": ("--from", 0.5), "model.cell": ("--from", "lstm"), "data.unit": ("--from", "byte")}
    resolved = resolve(file, ["data.unit=char"], defaults=defaults)
    config = resolved.config
    assert (config.model.dropout, config.model.cell, config.data.unit) == (0.1, "lstm", "char")
    origins = [resolved.origin(key) for key in (*defaults, "model.hidden_size")]
    assert origins == [f"{file}:2", "--from", "`settings`", "default"]


def test_other_defaults_do_not_hide_a_section_that_is_none(tmp_path):
    file = write(tmp_path / "c.yaml", "model: 3\n")
    with pytest.raises(ConfigError, match=r"c\.yaml:1: model: must be a section of options; found 3"):
        resolve(file, defaults={"model.cell": ("--from", "lstm")})


def test_all_mistakes_come_at_once_with_their_lines(tmp_path):
    found = mistakes(
        "model:\n  hiden_size: 3\n  hidden_size: 0\ntraining:\n  learning_rate: fast\n  learning_rate: 1\n  seed: true\nhidden_size: 4\n",
        tmp_path,
        ["training.max_grad_norm=-1"],
    )
    file = tmp_path / "c.yaml"
    assert found.startswith("7 mistakes in the configuration:")
    for line in (
        f"{file}:2: model.hiden_size: no such key; did you mean model.hidden_size?",
        f"{file}:3: model.hidden_size: must be greater than or equal to 1; found 0",
        f"{file}:5: training.learning_rate: must be a number; found 'fast'",
        f"{file}:6: training.learning_rate: written twice; the first is in line 5",
        f"{file}:7: training.seed: must be a whole number; found True",
        f"{file}:8: hidden_size: no such key; did you mean model.hidden_size?",
        "`settings`: training.max_grad_norm: must be greater than 0; found -1",
    ):
        assert line in found


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model.hidden_size", "must be KEY=VALUE"),
        ("=3", "must be KEY=VALUE"),
        ("hiden_size=3", "did you mean model.hidden_size"),
        ("model=3", "must be a section"),
        ("model.hidden_size.x=3", "hidden_size is a value|must be a whole number"),
        ("training.learning_rate=.inf", "must be a finite number"),
        ("training.learning_rate=.nan", "must be"),
        ("training.steps=2.5", "must be a whole number; found 2.5"),
        ("training.steps='3'", "must be a whole number; found '3'"),
        ("training.optimizer=adm", "'adam' or 'adamw'; found 'adm'; did you mean adam?"),
        ("training.schedule=cosin", "'cosine', .*; did you mean cosine?"),
        ("model.cell=lstmm", f"must be {ONE_OF_THE_CELLS}; found 'lstmm'; did you mean lstm?"),
        ("model.dropout=1", "must be less than 1; found 1"),
        ("model.dropout=-0.1", "must be greater than or equal to 0"),
        ("training.stride=65", "stride 65 is larger than sequence_length 64"),
        ("model={cell: lstm, nonlinearity: relu}", "is for cell rnn; the gates of lstm have their own"),
        ("model={cell: gru, initialisation: identity}", "initialisation identity is for cell rnn"),
        ("model.num_layers=0", "must be greater than or equal to 1; found 0"),
        ("data.split=[0.5, 0.6, 0]", "add up to 1"),
        ("data.split=[1, 0]", r"data.split: has too few values; found \[1, 0\]"),
        ("data.slices=[1, 2, 3]", "data.slices: has too many values: 3, and at most 2 are allowed"),
        ("training.seed=1e30", "must be less than or equal to 9223372036854775807; found 1000"),
        ("data.encoding=klingon", "not an encoding"),
        ("data.encoding=base64", "not an encoding"),
        ("data.encoding=punycode", "not an encoding"),
        ("data.encoding=unicode_escape", "not an encoding"),
        ("data.boundary=(", r"data.boundary: neither blank-line nor file nor a regular expression: .*; found '\('"),
        ("data.boundary=", "data.boundary: must not be empty; found ''"),
        ("data={unit: byte, boundary: file}", "boundary is for unit char: bytes are one long text"),
        ("training.batch_size=[1", r"training.batch_size: must be a whole number; found '\[1'"),
        ("nonsense=1", "known here: model, data, training, runtime"),
    ],
)
def test_settings_that_make_no_sense(setting, message):
    with pytest.raises(ConfigError, match=message):
        resolve(None, [setting])


@given(
    st.fixed_dictionaries(
        {
            "model": st.fixed_dictionaries(
                {"hidden_size": st.integers(1, 1 << 16), "nonlinearity": st.sampled_from(["tanh", "sigmoid", "relu"])}
            ),
            "training": st.fixed_dictionaries(
                {
                    "learning_rate": st.floats(1e-12, 1e3, exclude_min=True),
                    "steps": st.none() | st.integers(1, 1 << 40),
                    "max_grad_norm": st.none() | st.floats(1e-300, 1e300),
                    "seed": st.integers(0, (1 << 63) - 1),
                    "precision": st.sampled_from(["float32", "float64"]),
                }
            ),
        }
    )
)
@pytest.mark.slow
def test_every_configuration_survives_being_written_and_read(tmp_path_factory, values):
    config = Config.model_validate(values)
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    path.write_text(to_yaml(config), "utf-8")
    assert resolve(str(path)).config == config
    assert Config.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("path", sorted(shipped("configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_each_shipped_configuration_loads_by_name_from_anywhere(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config(path.stem).read_text("utf-8") == path.read_text("utf-8")
    assert resolve(path.stem).config == resolve(f"configs/{path.name}").config == resolve(str(path)).config


@pytest.mark.parametrize("boundary", ["blank-line", "file", r"\n", "\n", r"\n---\n", "null"])
def test_boundaries_of_documents(boundary, tmp_path):
    config = resolve(None, options={"data.boundary": ("settings", boundary)}).config
    assert config.data.boundary == boundary
    assert resolve(write(tmp_path / "c.yaml", to_yaml(config))).config == config


def test_a_regular_expression_is_typed_as_it_is():
    assert resolve(None, [r"data.boundary=\n"]).config.data.boundary == r"\n"
    assert resolve("names").config.data.boundary == r"\n"


def test_unknown_names_and_unreadable_files(tmp_path):
    with pytest.raises(
        ConfigError, match=r"no such file, and no configuration of that name; there are .*; did you mean default"
    ):
        resolve("defaults")
    with pytest.raises(ConfigError, match="a folder, not a file"):
        resolve(str(tmp_path))
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        resolve(str(tmp_path / "c.yaml"))


def test_the_schema_describes_every_key():
    schema = json.dumps(Config.model_json_schema())
    for key, _ in flatten(Config()):
        assert f'"{key.rpartition(".")[2]}"' in schema
    for section in Config.model_json_schema()["$defs"].values():
        assert all("description" in field for field in section["properties"].values())
    assert '"ge"' not in schema  # which says nothing to a program that reads schemas: a bound is a "minimum"


def test_a_file_with_a_byte_order_mark_is_fine(tmp_path):
    Path(tmp_path / "c.yaml").write_bytes(b"\xef\xbb\xbfmodel:\r\n  hidden_size: 7\r\n")
    assert resolve(str(tmp_path / "c.yaml")).config.model.hidden_size == 7


def test_conflicting_keys_are_named_with_their_lines(tmp_path):
    found = mistakes(
        "model:\n  cell: lstm\n  nonlinearity: relu\ntraining:\n  seed: 1\n", tmp_path, ["training.stride=99"]
    )
    assert f"{tmp_path / 'c.yaml'}:3: model.nonlinearity: nonlinearity relu is for cell rnn" in found
    assert "`settings`: training.stride: stride 99 is larger than" in found


@pytest.mark.parametrize("value", ["!!bool foo", "!!timestamp foo"])
def test_tags_that_do_not_suit_their_values(tmp_path, value):
    assert "YAML" in mistakes(f"training:\n  seed: {value}\n", tmp_path)
    with pytest.raises(ConfigError, match=f"`settings`: training.seed: must be a whole number; found '{value}'"):
        resolve(None, [f"training.seed={value}"])


def test_a_long_value_is_cut_between_graphemes():
    assert shorten("ab" * 40) == "ab" * 40
    assert shorten("xe\u0301" * 40) == "xe\u0301" * 26 + "x..."


@pytest.mark.parametrize("shares", ["[0, 0.5, 0.5]", "[0.5, 0.6, -0.1]", "[0.5, 0.3, 0.1]"])
def test_a_split_has_something_to_train_on_and_adds_up(tmp_path, shares):
    assert "must be three shares, none negative and the first above 0" in mistakes(
        "", tmp_path, [f"data.split={shares}"]
    )


def test_setting_part_of_a_section_keeps_the_rest(tmp_path):
    file = write(tmp_path / "c.yaml", "training:\n  seed: 1\n  steps: 11\n")
    training = resolve(file, ["training={steps: 12, batch_size: 22}"]).config.training
    assert (training.seed, training.steps, training.batch_size) == (1, 12, 22)


@pytest.mark.parametrize("encoding", [r'"\ud83d"', r'[utf-8, "a\ud800.txt=cp1252"]'])
def test_half_a_surrogate_pair_in_an_encoding_is_a_one_line_error(tmp_path, encoding):
    assert "c.yaml:2: data.encoding: must be valid Unicode text" in mistakes(
        f"data:\n  encoding: {encoding}\n", tmp_path
    )


BAD_VALUES = [
    None, True, -1, 1e30, math.inf, "x", "", "\ud800", "x" * 2000, b"a", [], [1], [1] * 9, ["a"], {}, {"a": 1},
]  # fmt: skip


def refusal(key, value):
    """The message for a value of a key; nothing if it is valid."""
    try:
        override(Config(), {key: ("here", value)})
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("key", known_keys())
def test_no_value_is_refused_in_pydantic_s_words(key):
    """pydantic's messages mention inputs, strings and fields: problems.py has words for every kind of mistake."""
    messages = [refusal(key, value) for value in BAD_VALUES]
    assert sum(map(bool, messages)) > 5
    assert [message for message in messages if re.search(r"Input|String|Tuple|Field|a valid ", message)] == []


def test_without_a_configuration_every_verb_takes_the_default_recipe(monkeypatch):
    asked = []
    monkeypatch.setattr(api, "random_trainer", lambda config, *_: asked.append(config) or 1 / 0)
    for measure in (api.bench, charrnn.bench):
        with pytest.raises(ZeroDivisionError):
            measure()
    assert asked == [resolve("default").config] * 2
    for report in (api.gradcheck(oracles=["central"], entries=1), charrnn.gradcheck(oracles="central", entries=1)):
        assert report.checked_with["model.dropout"] == 0.15
    assert (api.gradflow(lags=2, positions=1).cell, charrnn.gradflow(lags=2, positions=1).cell) == ("gru", "gru")


def test_the_plain_recipe_is_the_network_of_the_derivations():
    config = resolve("plain").config
    model, training = config.model, config.training
    assert (model.cell, model.num_layers, model.nonlinearity, model.readout) == ("rnn", 1, "tanh", "linear")
    assert (model.dropout, model.weight_dropout, training.label_smoothing) == (0, 0, 0)
    assert (training.ema_decay, training.warmup_steps, training.schedule) == (None, 0, "constant")
    assert (training.weight_decay, training.reset_probability) == (0, 0)


def test_the_choices_of_a_configuration_are_those_of_the_network():
    """They are written twice: completion reads the schema's without importing NumPy."""
    known = {"cell": CELLS, "nonlinearity": NONLINEARITIES, "initialisation": INITIALISATIONS, "readout": READOUTS}
    for key, choices in known.items():
        assert get_args(Model.model_fields[key].annotation) == tuple(choices), key


@pytest.mark.parametrize(("name", "windows"), [("configs/gru", False), ("configs\\gru.yaml", True), ("gru", True)])
def test_a_recipe_is_found_by_its_folder_too_as_this_system_writes_it(monkeypatch, name, windows):
    monkeypatch.setattr(module, "IS_WINDOWS", windows)
    assert find_config(name).name == "gru.yaml"


@pytest.mark.parametrize("name", ["./gru", "configs/a/gru", "a/gru", "/gru", "configs\\gru", ""])
def test_another_folder_holds_no_recipe(monkeypatch, name):
    monkeypatch.setattr(module, "IS_WINDOWS", False)
    with pytest.raises(ConfigError):
        find_config(name)
