"""`model.bias: false`: every file of a run has biases of 0, and networks with and without biases are not confused."""

import json

import numpy as np
import pytest
import safetensors
from tiny import TINY, follow, start, trained

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import CheckpointError, ConfigError
from charrnn.models import export
from charrnn.runs.storage.checkpoint import load, save
from charrnn.training.events import Stepped

HELD = ["model.bias=false", "model.cell=lstm", "model.num_layers=2", "model.readout=deep"]
HARSH = ["training.weight_decay=0.1", "training.ema_decay=0.9", "training.optimizer=adamw"]
FILES = ("last.safetensors", "previous.safetensors", "best.safetensors")


def require_held(path):
    """No bias of a checkpoint, and nothing in its vectors in place of one, is other than 0; some weight is."""
    saved = load(path)
    parameters = saved.network.parameters
    biases = {name for name, _ in parameters.items() if name.startswith("b")}
    assert {"b_h", "b_h_2", "b_r", "b_y"} <= biases
    for vector in (parameters.flat, *saved.moments.values(), *([] if saved.learning is None else [saved.learning])):
        assert vector.any() or saved.progress.step == 0
        assert not any(vector[parameters.place(name)].any() for name in biases)


@pytest.fixture
def held(tmp_path, text_file):
    return trained(tmp_path / "held", text_file, *HELD)


def test_held_biases_are_0_in_every_file_through_stop_recovery_and_resume(tmp_path, text_file):
    trained(tmp_path / "whole", text_file, *HELD, *HARSH)
    follow(start(tmp_path / "parts", text_file, *HELD, *HARSH), until=13)
    list(api.resume(tmp_path / "parts").events())
    for name in FILES:
        require_held(tmp_path / "parts" / name)
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    resumed, spoilt = api.resume(tmp_path / "parts", steps=40), []
    for event in resumed.events():
        if isinstance(event, Stepped) and event.step == 25 and not spoilt:
            spoilt.append(resumed.trainer.state.fill(np.nan))
    assert load(tmp_path / "parts/last.safetensors").progress.halvings == 1
    for name in FILES:
        require_held(tmp_path / "parts" / name)


def test_the_parameters_that_are_counted_are_those_that_can_learn(text_file):
    """V = 18, H = 16, of an lstm of two layers and a deep readout; biases: 4 H in each layer, H and V in the readout."""
    weights = 4 * (18 * 16 + 16 * 16) + 4 * (16 * 16 + 16 * 16) + 16 * 16 + 16 * 18
    biases = 2 * 4 * 16 + 16 + 18

    def plan(*settings):
        return api.plan([str(text_file)], resolve(None, [*TINY, *HELD, *settings]).config)

    assert plan("model.bias=true").parameters == weights + biases
    assert plan("model.bias=true").notes == ()
    made = plan("training.freeze=[layer1]")
    assert made.parameters == weights
    assert made.notes == (
        f"model.bias is false: {biases} biases are held at 0, and not counted as parameters",
        f"frozen: layer1; {weights - 4 * (18 * 16 + 16 * 16):,} of {weights:,} parameters learn",
    )


@pytest.mark.parametrize("to", ["plain", "torch"])
def test_held_biases_are_0_in_exported_weights(tmp_path, held, to):
    export.write(load(held / "last.safetensors"), tmp_path / "weights.safetensors", to)
    with safetensors.safe_open(tmp_path / "weights.safetensors", framework="np") as file:
        biases = [name for name in list(file.keys()) if "bias" in name or name.startswith("b_")]
        assert len(biases) == (6 if to == "torch" else 4)
        assert not any(file.get_tensor(name).any() for name in biases)
        assert json.loads(file.metadata()["config"])["model"]["bias"] is False


def test_a_fine_tune_is_of_the_same_kind(tmp_path, held, text_file):
    base = api.load_base(held)
    other = tmp_path / "other.txt"
    other.write_text("THE cat sat: 12 mats. ein Übel?\n" * 30, "utf-8")
    resolved = resolve(None, [*TINY, *HARSH], defaults=base.settings)
    assert resolved.config.model.bias is False
    assert resolved.origin("model.bias") == "`base`"
    run = api.start(api.plan([str(other)], resolved.config, base=base), tmp_path / "fine")
    list(run.events())
    for name in FILES:
        require_held(tmp_path / "fine" / name)


@pytest.mark.parametrize("averaged", [False, True])
def test_a_checkpoint_with_nonzero_held_biases_is_refused(tmp_path, text_file, averaged):
    run = trained(tmp_path / "run", text_file, *HELD, *(["training.ema_decay=0.9"] if averaged else []))
    saved = load(run / "last.safetensors")
    vector = saved.network.parameters.flat if saved.learning is None else saved.learning
    vector[saved.network.parameters.place("b_h_2")][-1:] = 1e-30
    save(saved, tmp_path / "odd.safetensors")
    with pytest.raises(
        CheckpointError, match=r"odd\.safetensors: b_h_2 is not 0, but its configuration has model\.bias"
    ):
        load(tmp_path / "odd.safetensors")


@pytest.mark.parametrize(("value", "shown"), [("no", "'no'; did you mean false\\?"), ("null", "null")])
def test_a_value_that_is_not_a_boolean_is_refused_as_typed(value, shown):
    with pytest.raises(ConfigError, match=rf"^`settings`: model\.bias: must be true or false; found {shown}$"):
        resolve(None, [f"model.bias={value}"])
