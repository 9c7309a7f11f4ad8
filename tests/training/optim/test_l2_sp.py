"""The pull of a fine-tune towards its base."""

import numpy as np
import pytest

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import ConfigError
from charrnn.runs.storage.checkpoint import load
from charrnn.training.optim.l2_sp import L2SP


def test_the_pull_is_that_of_the_equation_and_never_goes_beyond_the_base():
    generator = np.random.default_rng(0)
    w, base = generator.normal(size=(2, 7))
    expected = w - 0.01 * 30 * (w - base)
    L2SP(base, 30).pull(w, 0.01)
    np.testing.assert_allclose(w, expected, rtol=1e-15)
    L2SP(base, 30).pull(w, 1.0)
    np.testing.assert_allclose(w, base, rtol=1e-15)


def fine_tune(tmp_path, base, text_file, strength):
    settings = ["model.dropout=0", "training.steps=6", "training.learning_rate=0.01", f"training.l2_sp={strength}"]
    found = api.load_base(base)
    config = resolve("finetune", [*settings, "runtime.threads=1"], defaults=found.settings).config
    run = api.start(api.plan([str(text_file)], config, base=found), tmp_path / f"run{strength}")
    list(run.events())
    return load(tmp_path / f"run{strength}/last.safetensors")


def test_a_stronger_pull_keeps_a_fine_tune_nearer_to_its_base(tmp_path, tiny_run, text_file):
    base = load(tiny_run / "best.safetensors").network.parameters.flat
    near = [
        float(np.linalg.norm(fine_tune(tmp_path, tiny_run, text_file, strength).learning - base))
        for strength in (0, 10, 60)
    ]
    assert near[0] > 1.05 * near[1] > 1.05 * near[2] > 0
    assert (load(tmp_path / "run10/last.safetensors").base_weights == base).all()
    assert load(tmp_path / "run0/last.safetensors").base_weights is None


def test_without_a_base_nothing_can_pull(text_file):
    config = resolve("default", ["training.l2_sp=3"]).config
    with pytest.raises(
        ConfigError, match=r"training.l2_sp is 3: it pulls towards the weights of a base; name one with"
    ):
        api.plan([str(text_file)], config)


def test_the_record_of_a_training_without_it_is_that_of_earlier_versions(tiny_run):
    saved = (tiny_run / "last.safetensors").read_bytes()
    assert b"l2_sp" not in saved
    assert b"look_up_rate" not in saved
