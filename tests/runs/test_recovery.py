"""A training that diverges goes back to a good snapshot, and to the same one whether or not it was stopped in between."""

import json
import math

import numpy as np
import pytest
import safetensors

from charrnn import api
from charrnn.errors import DivergedError
from charrnn.learning.events import Evaluated, Finished, Recovered, Stepped
from charrnn.learning.parallel import StreamSplit
from charrnn.runs.checkpoint import load
from charrnn.runs.configuration import resolve

TINY = [
    "model.hidden_size=16", "training.batch_size=4", "training.sequence_length=8", "training.steps=40",
    "training.eval_every=5", "training.save_every=10", "runtime.threads=1",
]  # fmt: skip


@pytest.fixture
def start(tmp_path, text_file):
    def start(name="run", *settings):
        return api.start(api.plan([str(text_file)], resolve(None, [*TINY, *settings]).config), tmp_path / name)

    return start


@pytest.fixture
def plant(monkeypatch):
    """plant(loss, at): the loss of the step that follows so many updates, each time that it is made with a rate above `until`."""

    def plant(loss, *steps, weakest=0):
        measure = StreamSplit.loss_and_gradient

        def planted(self, window, state, dropout=None):
            found = measure(self, window, state, dropout)
            progress = running[-1].trainer.progress
            return loss if progress.step in steps and progress.halvings <= weakest else found

        monkeypatch.setattr(StreamSplit, "loss_and_gradient", planted)

    running = []
    plant.running = running
    return plant


def follow(plant, run, until=None):
    """The events of a run, to its end or until a step."""
    plant.running.append(run)
    events, asked = [], []
    for event in run.events(lambda: bool(asked)):
        events.append(event)
        if isinstance(event, Stepped) and event.step == until:
            asked.append(True)
    return events


def kinds(events, kind):
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("loss", [math.nan, math.inf, 50.0])
def test_a_bad_loss_is_dropped_and_the_run_goes_back_at_half_the_rate(start, plant, loss):
    plant(loss, 27)
    run = start()
    events = follow(plant, run)
    (recovered,) = kinds(events, Recovered)
    assert (recovered.step, recovered.diverged_step, recovered.tries) == (20, 28, 1)
    assert recovered.learning_rate == run.plan.config.training.learning_rate / 2
    steps = [event.step for event in kinds(events, Stepped)]
    assert steps == [*range(1, 28), *range(21, 41)]
    rates = {event.step: event.learning_rate for event in kinds(events, Stepped)}
    assert rates[25] == pytest.approx(run.trainer.schedule(24) / 2)
    assert isinstance(kinds(events, Finished)[0], Finished)
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    (told,) = [line for line in lines if line["event"] == "recovered"]
    assert told["step"] == 20
    assert str(loss)[:2] in told["reason"]


@pytest.mark.parametrize("stop", [3, 21, 24, 27, 33])
@pytest.mark.parametrize(("at", "weakest"), [((27,), 0), ((27,), 1), ((25,), 3), ((12, 27), 9)])
def test_it_goes_back_to_the_same_whether_or_not_it_was_stopped(start, plant, tmp_path, at, weakest, stop):
    """Also where the newest snapshot does not help, and the best one serves."""
    plant(math.nan, *at, weakest=weakest if weakest < 9 else 0)
    whole = follow(plant, start("whole"))
    follow(plant, start("parts"), until=stop)
    follow(plant, api.resume(tmp_path / "parts"))
    for name in ("last", "best"):
        files = [tmp_path / run / f"{name}.safetensors" for run in ("whole", "parts")]
        assert files[0].read_bytes() == files[1].read_bytes()
    expected = weakest + 1 if weakest < 9 else 1
    assert len(kinds(whole, Recovered)) == expected
    if expected > 2:
        best = [event.step for event in kinds(whole, Evaluated) if event.best and event.step <= 25]
        assert [event.step for event in kinds(whole, Recovered)] == [20, 20, *[best[-1]] * (expected - 2)]


def test_a_training_that_was_killed_after_going_back_goes_on_from_there(start, plant, tmp_path):
    plant(math.nan, 27)
    follow(plant, start("whole"))
    run = start("killed")
    plant.running.append(run)
    for event in run.events():
        if isinstance(event, Stepped) and run.trainer.progress.halvings and event.step == 25:
            break
    assert load(tmp_path / "killed" / "last.safetensors").progress.halvings == 1
    follow(plant, api.resume(tmp_path / "killed"))
    files = [tmp_path / run / "last.safetensors" for run in ("whole", "killed")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_after_the_last_try_the_good_checkpoint_and_the_batch_are_kept(start, plant):
    plant(math.nan, *range(25, 40), weakest=99)
    run = start("run", "training.recoveries=3")
    with pytest.raises(
        DivergedError, match=r"training diverged at step 26: loss nan.*going back 3 times.*diverged\.safetensors"
    ):
        follow(plant, run)
    kept = load(run.path / "last.safetensors")
    assert kept.progress.step <= 25
    with safetensors.safe_open(run.path / "diverged.safetensors", framework="np") as file:
        metadata = file.metadata()
        assert metadata["step"] == "26"
        inputs, state = file.get_tensor("inputs"), file.get_tensor("state")
        weights = file.get_tensor("parameters.W_hh")
    assert inputs.shape == (8, 4)
    assert state.shape == (1, 4, 16)
    np.testing.assert_array_equal(weights, run.trainer.network.parameters["W_hh"])
    symbols = json.loads(metadata["vocabulary"])
    assert "".join(symbols[i] for i in inputs[:, 0]) in (run.path.parent / "text.txt").read_text()


def test_tries_are_counted_anew_once_a_snapshot_was_passed(start, plant):
    plant(math.nan, 12, 22, 32, weakest=99)
    run = start("run", "training.recoveries=1")
    made = []

    def once(self, window, state, dropout=None, measure=StreamSplit.loss_and_gradient):
        step = run.trainer.progress.step
        found = measure(self, window, state, dropout)
        if math.isnan(found) and step in made:
            return 2.0
        made.append(step)
        return found

    StreamSplit.loss_and_gradient, kept = once, StreamSplit.loss_and_gradient
    try:
        events = follow(plant, run)
    finally:
        StreamSplit.loss_and_gradient = kept
    assert [event.tries for event in kinds(events, Recovered)] == [1, 1, 1]
    assert run.trainer.progress.halvings == 3


def test_switched_off_it_stops_at_once(start, plant):
    plant(math.nan, 27)
    with pytest.raises(DivergedError, match=r"training diverged at step 28: loss nan"):
        follow(plant, start("off", "training.recoveries=0"))


def test_switched_off_no_leap_is_looked_for(start, plant):
    plant(50.0, 27)
    assert not kinds(follow(plant, start("leap", "training.recoveries=0")), Recovered)


def test_a_leap_that_is_the_texts_doing_is_none(tmp_path):
    """One stream comes to another language: an earlier network finds it as hard."""
    text = tmp_path / "two.txt"
    text.write_text("abab" * 300 + "".join(map(chr, range(0x4E00, 0x4E00 + 400))) + "abab" * 100, "utf-8")
    settings = [
        *TINY,
        "training.batch_size=1",
        "training.learning_rate=0.03",
        "training.steps=180",
        "data.split=[1, 0, 0]",
    ]
    events = list(api.start(api.plan([str(text)], resolve(None, settings).config), tmp_path / "run").events())
    losses = [event.loss for event in kinds(events, Stepped)]
    assert max(losses[150:]) > losses[149] + 5
    assert not kinds(events, Recovered)


def test_a_validation_loss_that_is_no_number_goes_back_too(start, plant, monkeypatch):
    from charrnn.learning import trainer

    evaluate, planted = trainer.evaluate, []

    def once(*arguments):
        if plant.running[-1].trainer.progress.step == 15 and not planted:
            planted.append(True)
            return math.nan
        return evaluate(*arguments)

    monkeypatch.setattr(trainer, "evaluate", once)
    (recovered,) = kinds(follow(plant, start()), Recovered)
    assert (recovered.step, recovered.diverged_step) == (10, 15)
