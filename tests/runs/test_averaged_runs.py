"""Trainings with weight averaging and weight dropout: stopped, rolled back, resumed, used."""

import pytest
from tiny import follow, start, trained

from charrnn import api
from charrnn.runs.storage.checkpoint import load
from charrnn.runs.trainer_state import restore
from charrnn.training.events import Evaluated
from charrnn.training.surprisal import mean_loss

BOTH = ("training.ema_decay=0.9", "model.weight_dropout=0.3")


@pytest.mark.parametrize("stop", [7, 10, 13])
def test_stopped_and_resumed_it_ends_with_the_bytes_of_one_that_was_not(tmp_path, text_file, stop):
    whole = trained(tmp_path / "whole", text_file, *BOTH)
    follow(start(tmp_path / "parts", text_file, *BOTH), stop)
    assert load(tmp_path / "parts/last.safetensors").progress.step == stop
    list(api.resume(tmp_path / "parts").events())
    for name in ("last.safetensors", "best.safetensors"):
        assert (tmp_path / "parts" / name).read_bytes() == (whole / name).read_bytes(), name


def test_going_back_brings_weights_and_average_back(tmp_path, text_file):
    run = start(tmp_path / "run", text_file, *BOTH)
    list(run.events())
    saved, trainer = load(tmp_path / "run/previous.safetensors"), run.trainer
    restore(trainer, saved)
    assert trainer.network.parameters.flat.tobytes() == saved.learning.tobytes()
    assert trainer.ema.flat.tobytes() == saved.network.parameters.flat.tobytes()
    assert (saved.learning != saved.network.parameters.flat).any()


def test_the_validated_weights_are_saved_and_evaluated(tmp_path, text_file):
    run = start(tmp_path / "run", text_file, *BOTH)
    losses = [event.loss for event in run.events() if isinstance(event, Evaluated)]
    trainer = run.trainer
    trainer.network.parameters.flat[:] = load(tmp_path / "run/last.safetensors").network.parameters.flat
    trainer.ema = None
    assert mean_loss(trainer.network, trainer.valid) == pytest.approx(losses[-1], rel=1e-6)


def test_a_fine_tune_begins_with_the_average(tmp_path, text_file):
    base = trained(tmp_path / "base", text_file, *BOTH)
    plan = api.plan([str(text_file)], base=api.load_base(base))
    assert plan.weights.parameters.flat.tobytes() == load(base / "best.safetensors").network.parameters.flat.tobytes()
