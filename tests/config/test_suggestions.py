"""What an unknown key and a refused value were probably meant to be: by meaning, by spelling, or nothing."""

import re
from collections import Counter

import pytest
from cell_names import ONE_OF_THE_CELLS

from charrnn.config import synonyms, typed_values
from charrnn.config.resolve import known_keys, resolve
from charrnn.config.suggestions import find_key
from charrnn.errors import ConfigError

KNOWN = known_keys()
SECTIONS = "known here: model, data, training, runtime"


def message(setting):
    with pytest.raises(ConfigError) as refusal:
        resolve(None, [setting])
    return str(refusal.value).removeprefix("`settings`: ")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("lr", "training.learning_rate"),
        ("training.lr", "training.learning_rate"),
        ("model.lr", "training.learning_rate"),
        ("batch", "training.batch_size"),
        ("seq_len", "training.sequence_length"),
        ("bptt", "training.sequence_length"),
        ("clip", "training.max_grad_norm"),
        ("units", "model.hidden_size"),
        ("hidden", "model.hidden_size"),
        ("rnn_size", "model.hidden_size"),
        ("layers", "model.num_layers"),
        ("activation", "model.nonlinearity"),
        ("cell_type", "model.cell"),
        ("wd", "training.weight_decay"),
        ("optim", "training.optimizer"),
        ("max_iters", "training.steps"),
        ("warmup", "training.warmup_steps"),
        ("ckpt", "training.save_every"),
        ("val_split", "data.split"),
        ("training.dropout", "model.dropout"),
        ("hidden_size", "model.hidden_size"),
        ("Hidden-Size", "model.hidden_size"),
        ("hiddenSize", "model.hidden_size"),
        ("hiden_size", "model.hidden_size"),
        ("modl.hidden_size", "model.hidden_size"),
        ("zzz", None),
        ("training.rate", None),
        ("name", None),
        ("gpu", None),
        ("ab", None),
    ],
)
def test_a_key_is_found_by_meaning_and_by_spelling(name, key):
    assert find_key(name, KNOWN) == key


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("hidden_size=128", "hidden_size: no such key; did you mean model.hidden_size=128?"),
        ("lr=1e-3", "lr: no such key; did you mean training.learning_rate=0.001?"),
        ("cell=Vanilla", "cell: no such key; did you mean model.cell=rnn?"),
        ("val_split=0.1", "val_split: no such key; did you mean data.split?"),
        ("trainning.epochs=3", "trainning: no such key; did you mean training?"),
        ("zzz=!!binary #", f"zzz: no such key; {SECTIONS}"),
        ("zzz=2020-01-01", f"zzz: no such key; {SECTIONS}"),
        ("zzz=1", f"zzz: no such key; {SECTIONS}"),
        ("runtime.zzz=1", "runtime.zzz: no such key; known here: threads"),
        ("bidirectional=true", "bidirectional: no such key; a network reads from left to right only"),
        ("momentum=0.9", "momentum: no such key; write training.optimizer=momentum, whose constant is 0.9"),
        ("model.cell=LSTM", f"model.cell: must be {ONE_OF_THE_CELLS}; found 'LSTM'; did you mean lstm?"),
        ("model.cell=elman", f"model.cell: must be {ONE_OF_THE_CELLS}; found 'elman'; did you mean rnn?"),
        ("model.bias=yes", "model.bias: must be true or false; found 'yes'; did you mean true?"),
        ("model.bias=0", "model.bias: must be true or false; found 0; did you mean false?"),
        ("training.learning_rate=0,005", "training.learning_rate: must be a number; found '0,005'; write 0.005"),
        ("training.learning_rate=5e-3x", "training.learning_rate: must be a number; found '5e-3x'"),
        ("training.max_grad_norm=off", "training.max_grad_norm: must be a number; found 'off'; write null"),
        ("model.dropout=20", "model.dropout: must be less than 1; found 20; did you mean 0.2?"),
        ("model.dropout=1.5", "model.dropout: must be less than 1; found 1.5"),
        (
            "data.split=0.8,0.1,0.1",
            "data.split: must be a list, in brackets; found '0.8,0.1,0.1'; write [0.8, 0.1, 0.1]",
        ),
    ],
)
def test_messages(setting, expected):
    assert message(setting) == expected


@pytest.mark.parametrize(
    ("setting", "end"),
    [
        ("training.precision=fp32", "did you mean float32?"),
        ("training.precision=bf16", "did you mean float32?"),
        ("training.optimizer=SGD", "did you mean sgd?"),
        ("data.split=[80,10,10]", "found [80, 10, 10]; did you mean [0.8, 0.1, 0.1]?"),
        ("data.split=[0.5,0.6,0]", "found [0.5, 0.6, 0]"),
    ],
)
def test_ends_of_messages(setting, end):
    assert message(setting).endswith(end)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("training.steps=10k", 10_000), ("training.steps=1_000", 1000), ("training.steps=1,000", 1000),
     ("model.dropout=20%", 0.2), ("training.learning_rate=５e-3", 0.005)],
)  # fmt: skip
def test_numbers_are_read_as_people_type_them(setting, value):
    section, name = setting.partition("=")[0].split(".")
    found = getattr(getattr(resolve(None, [setting]).config, section), name)
    assert found == value


def test_a_flat_file_names_the_line_and_the_key(tmp_path):
    file = tmp_path / "flat.yaml"
    file.write_text("seed: 1\nhidden_size: 128\nlr: 0.1\n", "utf-8")
    with pytest.raises(ConfigError) as refusal:
        resolve(str(file))
    assert f"{file}:2: hidden_size: no such key; did you mean model.hidden_size?" in str(refusal.value)
    assert f"{file}:3: lr: no such key; did you mean training.learning_rate?" in str(refusal.value)


def test_every_name_in_the_tables_leads_somewhere():
    assert set(synonyms.KEYS) <= set(KNOWN)
    assert set(synonyms.WORDS) <= set(KNOWN)
    for key, words in synonyms.WORDS.items():
        assert set(words) <= set(typed_values.choices(key))
    for why in synonyms.ABSENT:
        assert set(re.findall(r"(?:model|data|training|runtime)\.[a-z_]+", why)) <= set(KNOWN)


def test_no_name_is_in_the_tables_twice_and_none_is_a_key_itself():
    names = [name for table in (synonyms.KEYS, synonyms.ABSENT) for others in table.values() for name in others.split()]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert set(names).isdisjoint(key.rpartition(".")[2] for key in KNOWN)
    assert [name for name in names if synonyms.normalize(name) != name] == []


@pytest.mark.parametrize("value", ["[[null, null, null]]", "[[a, 1, 2]]", "[null, 1, 2]"])
def test_shares_that_are_no_numbers_are_refused_without_a_hint(value):
    with pytest.raises(ConfigError, match=r"data\.split: must be ") as caught:
        resolve(None, [f"data.split={value}"])
    assert "did you mean" not in str(caught.value)
