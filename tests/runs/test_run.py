"""Samples during a run, and the configuration of its trainer."""

import json

import numpy as np
import pytest
from slow import mostly_slow
from tiny import start

from charrnn import api
from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.sample_request import SampleRequest
from charrnn.generation.sampling import SamplingOptions
from charrnn.training.events import Evaluated, Sampled, Saved, Stepped
from charrnn.training.optim.clipping import Clipping
from charrnn.training.optim.optimizers import AdamW
from charrnn.training.optim.schedules import Schedule

OFTEN = ["training.eval_every=5", "training.save_every=5", "training.seed=3"]


@pytest.fixture
def run(tmp_path, text_file):
    return lambda *settings: start(tmp_path / "run", text_file, *OFTEN, *settings)


def test_each_sample_is_drawn_with_random_numbers_of_its_own(run):
    """Those of the run's seed and the step: with weights that stand still, samples differ, and can be made again."""
    made = run("training.learning_rate=1e-30")
    found = [event for event in made.events() if isinstance(event, Sampled)]
    assert [event.step for event in found] == [5, 10, 15, 20]
    assert len({event.text for event in found}) == 4
    writer = Generator(NetworkPredictor(made.trainer.network), made.plan.corpus.vocabulary)
    for event in found:
        assert event.text == "".join(
            writer.stream(SampleRequest("", 200, SamplingOptions(temperature=0.8)), (3, event.step))
        )
        assert len(event.surprisals) == len(event.text) == 200


@pytest.mark.parametrize("sample_every", [5, 10, "null"])
def test_a_sample_is_logged_once_whenever_the_run_was_stopped(run, sample_every):
    """Killed right after its step was saved: what was logged of the step before the save is not logged again."""
    begun = run(f"training.sample_every={sample_every}")
    for event in begun.events():
        if isinstance(event, Saved) and event.step == 10 and event.path.endswith("last.safetensors"):
            break
    list(api.resume(begun.path).events())
    logged = [json.loads(line) for line in (begun.path / "metrics.jsonl").read_text("utf-8").splitlines()]
    samples = [event["step"] for event in logged if event["event"] == "sample"]
    assert samples == ([10, 20] if sample_every == 10 else [5, 10, 15, 20])


FREE = ["training.eval_every=null", "training.sample_every=null", "model.hidden_size=2"]


def steps_of(kind, events):
    return [event.step for event in events if isinstance(event, kind)]


@pytest.mark.parametrize(
    ("steps", "validations", "samples"),
    [
        (5, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
        (130, [13, 26, 39, 52, 65, 78, 91, 104, 117, 130], [13, 25, 26, 39, 50, 52, 65, 78, 91, 100, 104, 117, 130]),
        (250, [*range(25, 251, 25)], [*range(25, 251, 25)]),  # one sample where both are due
    ],
)
def test_where_nobody_chose_samples_come_soon_and_validations_at_each_tenth(run, steps, validations, samples):
    events = [*run(*FREE, f"training.steps={steps}").events()]
    assert steps_of(Evaluated, events) == validations
    assert steps_of(Sampled, events) == samples


@pytest.mark.parametrize(("steps", "every"), [(1, 1), (19, 1), (4_999, 499), (5_000, 500), (1_000_000, 500)])
def test_validations_are_never_further_apart_than_a_tenth_of_the_steps_or_500(run, steps, every):
    assert run(*FREE, f"training.steps={steps}").plan.eval_every == every


def test_without_a_validation_split_samples_come_where_validations_would(run):
    events = [*run(*FREE, "training.steps=60", "data.split=[1,0,0]").events()]
    assert steps_of(Evaluated, events) == []
    assert steps_of(Sampled, events) == [6, 12, 18, 24, 25, 30, 36, 42, 48, 50, 54, 60]


def test_no_sample_comes_where_somebody_chose_none(run):
    assert steps_of(Sampled, run(*FREE, "training.steps=30", "training.sample_every=0").events()) == []


def test_samples_and_validations_do_not_change_the_weights(run, tmp_path, text_file):
    settings = ["training.steps=60", "training.eval_every=null", "training.ema_decay=0.9", "model.dropout=0.1"]
    often = start(tmp_path / "often", text_file, *settings)
    seldom = start(
        tmp_path / "seldom",
        text_file,
        *settings[:1],
        "training.eval_every=60",
        "training.sample_every=0",
        *settings[2:],
    )
    for each in (often, seldom):
        list(each.events())
    np.testing.assert_array_equal(often.trainer.network.parameters.flat, seldom.trainer.network.parameters.flat)


@mostly_slow("at", [25, 13, 26, 50], one_in=2)
def test_a_run_that_is_killed_after_a_save_has_each_sample_once(tmp_path, text_file, at):
    begun = start(tmp_path / "run", text_file, *FREE, "training.steps=130", "training.save_every=1")
    for event in begun.events():
        if isinstance(event, Saved) and event.step == at and event.path.endswith("last.safetensors"):
            break
    list(api.resume(begun.path).events())
    logged = [json.loads(line) for line in (begun.path / "metrics.jsonl").read_text("utf-8").splitlines()]
    samples = [event["step"] for event in logged if event["event"] == "sample"]
    assert samples == [13, 25, 26, 39, 50, 52, 65, 78, 91, 100, 104, 117, 130]


def test_a_sample_after_an_evaluation_is_by_the_weights_that_were_evaluated(run):
    events = [event for event in run().events() if isinstance(event, Evaluated | Sampled | Stepped)]
    at = [number for number, event in enumerate(events) if isinstance(event, Sampled)]
    assert len(at) == 4
    assert all(isinstance(events[number - 1], Evaluated) for number in at)
    assert [events[number].step for number in at] == [events[number - 1].step for number in at]


def test_whatever_is_configured_reaches_the_training(run):
    trainer = run(
        "model.dropout=0.2",
        "model.weight_dropout=0.25",
        "training.label_smoothing=0.1",
        "training.optimizer=adamw",
        "training.weight_decay=0.01",
        "training.learning_rate=0.02",
        "training.schedule=linear",
        "training.warmup_steps=4",
        "training.max_grad_norm=2.5",
        "training.max_grad_value=0.5",
        "training.patience=6",
        "training.ema_decay=0.9",
        "training.freeze=[layer1]",
        "training.accumulate=2",
        "training.stride=4",
        "training.reset_probability=0.5",
        "training.precision=float64",
    ).trainer
    assert (trainer.dropout, trainer.label_smoothing, trainer.seed) == (0.2, 0.1, 3)
    assert (trainer.weight_dropout.rate, trainer.weight_dropout.seed) == (0.25, 3)
    assert (type(trainer.optimizer), trainer.optimizer.weight_decay) == (AdamW, 0.01)
    assert trainer.schedule == Schedule("linear", 0.02, 20, warmup_steps=4)
    assert trainer.clipping == Clipping(2.5, 0.5)
    assert (trainer.eval_every, trainer.patience, trainer.accumulate) == (5, 6, 2)
    assert trainer.ema.decay == 0.9
    assert len(trainer.frozen.places) == 3  # W_xh, W_hh and b_h
    assert trainer.network.parameters.flat.dtype == np.float64
    windows = trainer.windows
    assert (windows.batch_size, windows.sequence_length, windows.stride) == (4, 8, 4)
    next(windows)
    drawn = [np.random.default_rng((3, position)).random(4) < 0.5 for position in range(1, 20)]
    assert [next(windows).fresh_streams.tolist() for _ in drawn] == [begins.tolist() for begins in drawn]


def test_samples_of_a_run_with_smoothed_labels_are_unsmoothed(run):
    """Half of each label is spread over 20 characters: unlikely ones are drawn far too often where that is left in."""
    made = run("training.label_smoothing=0.5", "training.learning_rate=1e-30")
    (first, *_) = [event for event in made.events() if isinstance(event, Sampled)]
    writer = Generator(NetworkPredictor(made.trainer.network, 0.5), made.plan.corpus.vocabulary)
    assert first.text == "".join(writer.stream(SampleRequest("", 200, SamplingOptions(temperature=0.8)), (3, 5)))
    smooth = Generator(NetworkPredictor(made.trainer.network), made.plan.corpus.vocabulary)
    assert first.text != "".join(smooth.stream(SampleRequest("", 200, SamplingOptions(temperature=0.8)), (3, 5)))
