import json
import struct
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
from slow import mostly_slow
from tiny import trained

from charrnn.errors import CheckpointError
from charrnn.runs.storage.checkpoint import load, save
from charrnn.runs.storage.checkpoint_record import MAX_RECORD_CHARS
from charrnn.runs.storage.safetensors_file import write
from charrnn.system.files import durable_files

BASE = {"path": "runs/x/best.safetensors", "step": 3, "text_sha256": "", "weights_sha256": ""}


@pytest.fixture
def last(tiny_run):
    return tiny_run / "last.safetensors"


def rewrite(path, tensors=None, record=None):
    """The same checkpoint with some tensors or fields of its record replaced (None: left out)."""
    with safetensors.safe_open(path, framework="np") as file:
        kept = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        fields = json.loads(file.metadata()["charrnn"])
        symbols = file.metadata()["vocabulary"]
    kept |= tensors or {}
    if isinstance(record, dict):
        symbols = record.pop("vocabulary", symbols)
        record = json.dumps({key: value for key, value in (fields | record).items() if value is not None})
    with path.open("wb") as file:
        write(
            file,
            {name: tensor for name, tensor in kept.items() if tensor is not None},
            {"charrnn": record, "vocabulary": symbols},
        )


def test_a_loaded_checkpoint_equals_the_saved_one_bit_by_bit(last, tmp_path):
    first = load(last)
    save(first, tmp_path / "again.safetensors")
    again = load(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == last.read_bytes()
    assert again.network.parameters.flat.tobytes() == first.network.parameters.flat.tobytes()
    for name in ("config", "vocabulary", "progress", "text"):
        assert getattr(again, name) == getattr(first, name), name
    assert first.updates == first.progress.step == 20


def test_no_side_file_is_left(tiny_run):
    assert sorted(path.name for path in tiny_run.iterdir()) == [
        "best.safetensors", "config.yaml", "last.safetensors", "lock", "metrics.jsonl", "previous.safetensors",
    ]  # fmt: skip


def test_a_write_that_fails_leaves_the_old_checkpoint_and_no_side_file(last, monkeypatch):
    before, loaded = last.read_bytes(), load(last)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(loaded, last)
    assert last.read_bytes() == before
    assert not list(last.parent.glob("*.tmp"))


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 100, 1000, -1000, -1])
def test_a_truncated_checkpoint_is_refused(last, keep):
    last.write_bytes(last.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"last\.safetensors: (an empty file|damaged)"):
        load(last)


@pytest.mark.parametrize(
    "content",
    [
        b"hello, I am a text\n" * 20,
        b"\x80\x04\x95 pickle",
        b"\0" * 64,
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 2) + b"{}",
    ],
)
def test_other_files_are_refused(last, content):
    last.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"damaged: |not a checkpoint of charrnn"):
        load(last)


def test_another_programs_safetensors_is_refused(last):
    safetensors.numpy.save_file({"weight": np.zeros(3)}, last)
    with pytest.raises(CheckpointError, match="not a checkpoint of charrnn"):
        load(last)


@mostly_slow(
    ("tensors", "record", "message"),
    [
        ({"parameters.W_hh": np.zeros((16, 15), np.float32)}, {}, r"W_hh has shape \(16, 15\).*need \(16, 16\)"),
        ({"parameters.b_y": None}, {}, r"lacks the tensor parameters\.b_y"),
        ({"parameters.b_h": np.zeros(16)}, {}, "b_h is float64; its configuration says float32"),
        ({"parameters.b_h": np.full(16, np.nan, np.float32)}, {}, "b_h holds numbers that are not finite"),
        ({"optimizer.m": np.zeros(5, np.float32)}, {}, r"m has shape \(5,\)"),
        ({"state": np.zeros((1, 9, 16), np.float32)}, {}, "state has shape"),
        ({"state": None}, {}, "state"),
        ({}, {"vocabulary": '["a", "b"]'}, "W_xh has shape .*configuration and vocabulary need"),
        ({}, {"vocabulary": '["a", "a"]'}, "single, different characters"),
        ({}, {"vocabulary": '"abc"'}, "vocabulary is not valid: not a list"),
        ({}, {"vocabulary": '{"a": 1}'}, "vocabulary is not valid: not a list"),
        ({}, {"vocabulary": "null"}, "vocabulary is not valid"),
        ({}, {"vocabulary": "[1]"}, "vocabulary is not valid: .* int found"),
        ({}, {"vocabulary": '["\\ud800"]'}, "vocabulary is not valid: .*surrogates"),
        ({}, {"vocabulary": "["}, "vocabulary is not valid"),
        ({}, {"vocabulary": "[" * 100_000}, "vocabulary is not valid"),
        ({}, {"updates": 10**400}, "record is not valid"),
        ({}, {"position": 10**16}, "record is not valid: position"),
        ({}, {"progress": {"step": 10**16}}, "record is not valid: a count in it is negative"),
        ({}, {"a\nb" * 1000: 1}, "record is not valid: a.nb.{80}"),
        ({}, "x" * (MAX_RECORD_CHARS + 1), "record is not valid: longer than"),
        ({}, {"config": {}}, "has shape"),
        ({}, {"config": {"model": {"hidden_size": -4}}}, "record is not valid: config.model.hidden_size"),
        ({}, {"config": {"model": {"hidden_size": 65536}}}, "need"),
        ({}, {"config": {"training": {"batch_size": None}}}, "record is not valid: config.training.batch_size"),
        ({}, {"progress": 3}, "record is not valid: progress"),
        ({}, {"progress": {"step": "x"}}, "record is not valid: progress.step"),
        ({}, {"position": -1}, "record is not valid: position"),
        ({}, {"progress": {"step": -1}}, "record is not valid: a count in it is negative"),
        ({}, {"progress": {"best_loss": float("nan")}}, "record is not valid: progress.best_loss: .*finite"),
        ({}, {"base": {"path": 3}}, r"record is not valid: base\.path"),
        ({}, {"base": BASE | {"step": -1}}, r"record is not valid: base\.step"),
        ({}, {"base": BASE | {"more": 1}}, r"record is not valid: base\.more"),
        ({}, {"format": 99}, "written by a newer charrnn"),
        ({}, "null", "record is not valid"),
        ({}, "[" * 100_000, "record is not valid"),
        ({}, "{", "record is not valid"),
    ],
    one_in=2,
)
def test_parts_that_do_not_fit_are_named(last, tensors, record, message):
    rewrite(last, tensors, record)
    with pytest.raises(CheckpointError, match=message):
        load(last)


def test_a_missing_checkpoint_and_a_folder(tmp_path):
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        load(tmp_path / "nothing.safetensors")
    with pytest.raises(CheckpointError, match="a folder, not a plain file"):
        load(tmp_path)


@pytest.fixture
def averaged(tmp_path, text_file):
    return trained(tmp_path / "averaged", text_file, "training.ema_decay=0.9") / "last.safetensors"


def test_a_checkpoint_stores_the_average_as_parameters_and_the_training_weights_separately(averaged):
    saved = load(averaged)
    assert saved.learning.shape == saved.network.parameters.flat.shape
    assert np.abs(saved.learning - saved.network.parameters.flat).max() > 1e-4
    save(saved, averaged.with_name("again.safetensors"))
    assert averaged.with_name("again.safetensors").read_bytes() == averaged.read_bytes()


def test_training_weights_are_required_exactly_if_there_is_an_average(averaged, last):
    rewrite(last, {"learning": load(averaged).learning}, {})
    with pytest.raises(CheckpointError, match=r"holds the tensor 'learning', which its configuration does not use"):
        load(last)
    rewrite(averaged, {"learning": None}, {})
    with pytest.raises(CheckpointError, match=r"lacks the tensor learning, "):
        load(averaged)


def test_every_count_is_its_own(last, tmp_path):
    """A step, an update of the optimizer and a window read are three things."""
    changed = replace(load(last), updates=7, position=11)
    save(changed, tmp_path / "again.safetensors")
    again = load(tmp_path / "again.safetensors")
    assert (again.progress.step, again.updates, again.position) == (20, 7, 11)


def test_fields_missing_from_older_checkpoints_have_defaults(last):
    config = json.loads(load(last).config.model_dump_json())
    del config["training"]["freeze"], config["model"]["bias"]
    rewrite(last, record={"config": config, "base": None})
    older = load(last)
    assert (older.base, older.config.training.freeze, older.config.model.bias) == (None, (), True)
    assert older.network.parameters["b_h"].any()


def test_a_null_eval_every_is_left_out_as_older_versions_read_only_a_number(last, tmp_path):
    """They take their own default then, and so sample, evaluate and view the run."""

    def written(eval_every):
        saved = load(last)
        training = saved.config.training.model_copy(update={"eval_every": eval_every})
        path = tmp_path / "changed.safetensors"
        save(replace(saved, config=saved.config.model_copy(update={"training": training})), path)
        with safetensors.safe_open(path, "np") as file:
            record = json.loads(file.metadata()["charrnn"])
        assert load(path).config.training.eval_every == eval_every
        return record["config"]["training"]

    assert "eval_every" not in written(None)
    assert written(7)["eval_every"] == 7
