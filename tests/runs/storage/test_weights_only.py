"""Weights alone: a checkpoint to give away, which every reader takes, but for a training that goes on."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from tiny import trained

import charrnn
from charrnn.errors import CheckpointError, NetworkError, OptionError, RunError, UnreadableError
from charrnn.runs.storage import checkpoint_record
from charrnn.runs.storage.checkpoint import load, save
from charrnn.runs.storage.checkpoint_record import Lineage, TextRecord
from charrnn.runs.storage.safetensors_file import write
from charrnn.runs.storage.weights_only import weights_alone as without_the_rest


@pytest.fixture
def averaged(tmp_path, text_file):
    return trained(tmp_path / "averaged", text_file, "training.ema_decay=0.9")


def metadata(path):
    with safetensors.safe_open(path, framework="np") as file:
        return file.metadata()


def rewrite(path, tensors=None, record=None):
    """The same file with some tensors or fields of its record replaced (None: left out), and a digest that is right."""
    before = metadata(path)
    kept = safetensors.numpy.load_file(path) | (tensors or {})
    fields = json.loads(before["charrnn"]) | (record or {})
    with path.open("wb") as file:
        write(
            file,
            {name: tensor for name, tensor in kept.items() if tensor is not None},
            {"charrnn": json.dumps(fields), "vocabulary": before["vocabulary"]},
        )


def test_the_weights_alone_write_what_the_run_writes_to_the_byte(tiny_run, tmp_path):
    out = charrnn.export(tiny_run, tmp_path / "cat.safetensors", to="charrnn")
    run, alone = charrnn.load(tiny_run), charrnn.load(out)
    assert alone.sample("the", length=200, seed=3) == run.sample("the", length=200, seed=3)
    assert alone.saved.network.parameters.flat.tobytes() == run.saved.network.parameters.flat.tobytes()
    assert out.stat().st_size < (tiny_run / "best.safetensors").stat().st_size / 2


def test_of_an_average_the_file_has_the_average_and_nothing_else(averaged, tmp_path):
    out = charrnn.export(averaged, tmp_path / "cat.safetensors", to="charrnn")
    with safetensors.safe_open(out, framework="np") as file:
        assert {name.partition(".")[0] for name in file.keys()} == {"parameters"}  # noqa: SIM118
    saved = load(out)
    assert saved.weights_only
    assert saved.learning is None
    assert (saved.moments, saved.state.any()) == ({}, False)
    best = load(averaged / "best.safetensors")
    assert saved.network.parameters.flat.tobytes() == best.network.parameters.flat.tobytes()


def test_half_precision_halves_the_file_and_is_read_in_that_of_the_configuration(tiny_run, tmp_path):
    model = charrnn.load(tiny_run)
    whole = charrnn.export(model, tmp_path / "whole.safetensors", to="charrnn")
    half = charrnn.export(model, tmp_path / "half.safetensors", to="charrnn", half=True)
    assert {tensor.dtype for tensor in safetensors.numpy.load_file(half).values()} == {np.dtype("float16")}
    numbers = 4 * len(model.saved.network.parameters)
    assert abs(whole.stat().st_size - half.stat().st_size - numbers / 2) < 100
    read = load(half).network.parameters.flat
    assert read.dtype == np.float32
    assert np.array_equal(read, model.saved.network.parameters.flat.astype(np.float16))
    again = charrnn.export(half, tmp_path / "again.safetensors", to="charrnn", half=True)
    assert again.read_bytes() == half.read_bytes()


def test_a_weight_that_half_precision_lacks_is_named(tiny_run, tmp_path):
    saved = load(tiny_run / "best.safetensors")
    saved.network.parameters["W_hy"][3, 2] = -70_000
    save(saved, tiny_run / "best.safetensors")
    line = "^W_hy has a weight of 70,000, and float16 ends at 65,504; leave out `half`$"
    with pytest.raises(NetworkError, match=line):
        charrnn.export(tiny_run, tmp_path / "cat.safetensors", to="charrnn", half=True)
    assert not (tmp_path / "cat.safetensors").exists()


def test_half_precision_is_for_charrnn(tiny_run, tmp_path):
    with pytest.raises(OptionError, match=r"^`half` is for `to` charrnn$"):
        charrnn.export(tiny_run, tmp_path / "cat.safetensors", to="torch", half=True)
    with pytest.raises(OptionError, match=r"^`to` must be plain, torch, charrnn, onnx or html; found jax$"):
        charrnn.export(tiny_run, tmp_path / "cat.safetensors", to="jax")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/june/letters/1890.txt", "1890.txt"),
        ("/home/june/letters/", "letters"),
        ("/home/june/letters/**/*.txt", "*.txt"),
        ("C:\\Users\\june\\play.txt", "play.txt"),
        ("builtin:harbour", "builtin:harbour"),
        ("-", "-"),
        ("/", "text"),
    ],
)
def test_no_folder_of_the_machine_is_named(tiny_run, tmp_path, path, name):
    saved = load(tiny_run / "best.safetensors")
    data = saved.config.data.model_copy(update={"encoding": ("utf-8", f"{path}=cp1252")})
    saved = replace(
        saved,
        text=TextRecord((path, path), "0" * 64, 7),
        base=Lineage(path="/home/june/runs/play/best.safetensors", step=3, text_sha256="", weights_sha256=""),
        config=saved.config.model_copy(update={"data": data}),
        run_parent="june/runs",
    )
    save(saved, tmp_path / "full.safetensors")
    out = charrnn.export(tmp_path / "full.safetensors", tmp_path / "cat.safetensors", to="charrnn")
    found = load(out)
    assert found.text.sources == (name, name)
    assert found.config.data.encoding == ("utf-8", f"{name}=cp1252")
    assert found.base.path == "play"
    assert "run_parent" not in metadata(out)
    assert "june" not in str(metadata(out))


def test_the_base_of_a_fine_tune_has_its_bare_name(tiny_run):
    saved = load(tiny_run / "best.safetensors")
    for path, name in [("/a/b/english.safetensors", "english.safetensors"), ("builtin:english", "builtin:english"), ("best.safetensors",) * 2]:  # fmt: skip
        base = Lineage(path=path, step=3, text_sha256="", weights_sha256="")
        assert without_the_rest(replace(saved, base=base)).base.path == name


def test_it_says_what_it_is(tiny_run, weights_alone):
    run, alone = load(tiny_run / "best.safetensors"), load(weights_alone)
    assert (alone.progress.step, alone.progress.best_loss) == (run.progress.step, run.progress.best_loss)
    assert (alone.text.sha256, alone.text.characters) == (run.text.sha256, run.text.characters)
    assert alone.versions == run.versions
    assert alone.vocabulary == run.vocabulary


def test_saved_and_loaded_again_it_is_the_same(weights_alone, tmp_path):
    save(load(weights_alone), tmp_path / "again.safetensors")
    again = load(tmp_path / "again.safetensors")
    assert again.weights_only
    assert again.network.parameters.flat.tobytes() == load(weights_alone).network.parameters.flat.tobytes()


def test_other_checkpoints_keep_their_format(tiny_run, weights_alone):
    formats = [
        json.loads(metadata(path)["charrnn"])["format"] for path in (tiny_run / "last.safetensors", weights_alone)
    ]
    assert formats == [2, 3]


def test_a_version_without_this_format_says_that_it_is_newer(weights_alone, monkeypatch):
    fields = json.loads(metadata(weights_alone)["charrnn"])
    with pytest.raises(UnreadableError, match=r"^written by a newer charrnn \(format 4; this one reads 2 and 3\)$"):
        checkpoint_record.parse_record({"charrnn": json.dumps(fields | {"format": 4})})


@pytest.mark.parametrize(
    ("tensors", "record", "message"),
    [
        ({"parameters.W_hh": np.zeros((16, 15), np.float16)}, {}, r"W_hh has shape \(16, 15\).*need \(16, 16\)"),
        ({"parameters.b_y": None}, {}, r"lacks the tensor parameters\.b_y"),
        ({"parameters.b_h": np.zeros(16)}, {}, "b_h is float64; its configuration says float32"),
        ({"parameters.b_h": np.full(16, np.nan, np.float16)}, {}, "b_h holds numbers that are not finite"),
        ({"parameters.b_h": np.full(16, np.inf, np.float16)}, {}, "b_h holds numbers that are not finite"),
        ({"optimizer.m": np.zeros(5, np.float16)}, {}, "holds the tensor 'optimizer.m', which its conf"),
        ({"state": np.zeros((1, 4, 16), np.float32)}, {}, "holds the tensor 'state', which its configuration does not"),
        ({"learning": np.zeros(5, np.float32)}, {}, "holds the tensor 'learning', which"),
        ({}, {"format": 2}, r"parameters\.W_xh is float16; its configuration says float32|lacks the tensor"),
        ({}, {"format": 4}, r"written by a newer charrnn \(format 4"),
        ({}, {"format": "3"}, "record is not valid: format"),
        ({}, {"format": 3.5}, "record is not valid: format"),
        ({}, {"weights_only": True}, "record is not valid: weights_only"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_are_named(weights_alone, tensors, record, message):
    rewrite(weights_alone, tensors, record)
    with pytest.raises(CheckpointError, match=message):
        load(weights_alone)


def test_a_bias_that_is_held_at_0_must_be_0(tmp_path, text_file):
    run = trained(tmp_path / "unbiased", text_file, "model.bias=false")
    out = charrnn.export(run, tmp_path / "cat.safetensors", to="charrnn", half=True)
    load(out)
    rewrite(out, {"parameters.b_h": np.full(16, 0.5, np.float16)})
    with pytest.raises(CheckpointError, match=r"b_h is not 0, but its configuration has model\.bias false"):
        load(out)


def test_half_precision_in_another_checkpoint_is_refused(tiny_run):
    last = tiny_run / "last.safetensors"
    rewrite(last, {"parameters.b_h": np.zeros(16, np.float16)})
    with pytest.raises(CheckpointError, match=r"parameters\.b_h is float16; its configuration says float32"):
        load(last)


@pytest.mark.parametrize("keep", [0, 8, 500, -1000, -1])
def test_a_truncated_file_is_refused(weights_alone, keep):
    weights_alone.write_bytes(weights_alone.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"cat\.safetensors: (an empty file|damaged)"):
        load(weights_alone)


def test_a_training_cannot_go_on_with_it(weights_alone, tiny_run, monkeypatch):
    path = re.escape(str(weights_alone))
    line = f"^`resume` {path}: weights alone, without what a training needs to go on; to begin with them: charrnn train TEXT --from {path}$"
    with pytest.raises(RunError, match=line):
        charrnn.resume(weights_alone, progress=False)
    (tiny_run / "last.safetensors").write_bytes(weights_alone.read_bytes())
    with pytest.raises(RunError, match=r"last.safetensors: weights alone, without what a training needs"):
        charrnn.resume(tiny_run, progress=False)


def test_where_its_text_is_it_does_not_say(weights_alone, text_file, monkeypatch):
    monkeypatch.chdir(text_file.parent)  # a file of the bare name is not the text that is meant
    model = charrnn.load(weights_alone)
    line = r"^weights alone do not say where their training text is \(text.txt\); name it: `text` TEXT, or name another text after RUN$"
    with pytest.raises(RunError, match=line):
        model.evaluate()
    assert charrnn.load(weights_alone, text=str(text_file)).evaluate().loss == pytest.approx(
        charrnn.load(weights_alone.with_name("run")).evaluate().loss, abs=1e-2
    )
    assert charrnn.info(weights_alone).text.problem == "weights alone do not say where it is"


def test_a_text_that_ships_with_the_program_is_found(tmp_path):
    settings = {"model.hidden_size": 8, "training.steps": 2, "runtime.threads": 1}
    charrnn.train("builtin:names", settings=settings, out=tmp_path / "names", progress=False)
    out = charrnn.export(tmp_path / "names", tmp_path / "cat.safetensors", to="charrnn")
    assert charrnn.load(out).evaluate(counted=False).loss > 0
    assert charrnn.info(out).text.verified
