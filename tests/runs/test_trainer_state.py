"""A trainer's state in a checkpoint, and back."""

import numpy as np
import pytest
from tiny import TINY

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.network.network import Network
from charrnn.runs.storage import checkpoint
from charrnn.runs.trainer_state import build_trainer, capture, restore

ALL = ("model.cell=lstm", "model.num_layers=2", "training.ema_decay=0.9", "model.weight_dropout=0.3")


@pytest.mark.parametrize("settings", [(), ALL, ("training.optimizer=momentum", "training.precision=float64")])
def test_a_fresh_trainer_that_is_restored_has_the_state_that_was_captured(tmp_path, text_file, settings):
    """Both are saved, and the files have the same bytes; so have those of the next step."""
    run = api.start(api.plan([str(text_file)], resolve(None, [*TINY, *settings]).config), tmp_path / "run")
    plan, trained = run.plan, run.trainer
    list(run.events())
    other_weights = Network.fresh(plan.architecture, np.random.default_rng(1), plan.config.training.precision)
    fresh = build_trainer(plan, other_weights)
    saved = _through_file(tmp_path / "first", capture(trained, plan))
    restore(fresh, saved)
    _through_file(tmp_path / "second", capture(fresh, plan))
    assert (tmp_path / "second").read_bytes() == (tmp_path / "first").read_bytes()
    for trainer in (trained, fresh):
        list(trainer.train(21, lambda: False))
    for name, trainer in (("third", trained), ("fourth", fresh)):
        _through_file(tmp_path / name, capture(trainer, plan))
    assert (tmp_path / "third").read_bytes() == (tmp_path / "fourth").read_bytes() != (tmp_path / "first").read_bytes()


def _through_file(path, saved):
    checkpoint.save(saved, path)
    return checkpoint.load(path)
