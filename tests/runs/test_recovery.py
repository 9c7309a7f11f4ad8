"""A diverging training rolls back to a good snapshot, the same one whether or not it was stopped in between."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest
import safetensors
import tiny
from slow import mostly_slow

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import DivergedError
from charrnn.models import export
from charrnn.runs.recovery import _progress_after_rollback
from charrnn.runs.storage.checkpoint import load
from charrnn.training.divergence import Batch
from charrnn.training.events import Finished, Recovered, Stepped
from charrnn.training.parallel.data_parallel import DataParallel
from charrnn.training.trainer import Progress

TINY = [*tiny.TINY, "training.steps=40", "training.eval_every=5"]


@pytest.fixture
def start(tmp_path, text_file):
    return lambda name="run", *settings: tiny.start(tmp_path / name, text_file, *TINY, *settings)


@pytest.fixture
def plant(monkeypatch):
    """plant(loss, *steps): the loss of the step after `steps` updates, while the rate was halved at most `weakest` times.

    `at` names single (steps, halvings) instead.
    """

    def plant(loss, *steps, weakest=0, at=()):
        measure = DataParallel.loss_and_gradient
        places = {*at, *((step, halvings) for step in steps for halvings in range(weakest + 1))}

        def planted(self, window, state, *options):
            found = measure(self, window, state, *options)
            progress = plant.running[-1].trainer.progress
            return loss if (progress.step, progress.halvings) in places else found

        monkeypatch.setattr(DataParallel, "loss_and_gradient", planted)

    plant.running = []
    return plant


def follow(plant, run, until=None):
    """The events of a run, to its end or until a step."""
    plant.running.append(run)
    return tiny.follow(run, until)


def validate_as(monkeypatch, plant, losses):
    """The validation loss at some steps, the first time; 4 otherwise."""
    monkeypatch.setattr(
        "charrnn.training.trainer.mean_loss", lambda *_: losses.pop(plant.running[-1].trainer.progress.step, 4.0)
    )


def kinds(events, kind):
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("loss", [math.nan, math.inf, 50.0])
def test_a_bad_loss_is_dropped_and_the_run_rolls_back_at_half_the_rate(start, plant, loss):
    plant(loss, 27)
    run = start()
    events = follow(plant, run)
    (recovered,) = kinds(events, Recovered)
    assert (recovered.step, recovered.diverged_step, recovered.tries) == (20, 28, 1)
    assert recovered.learning_rate == run.trainer.schedule(20) / 2
    steps = [event.step for event in kinds(events, Stepped)]
    assert steps == [*range(1, 28), *range(21, 41)]
    rates = {event.step: event.learning_rate for event in kinds(events, Stepped)}
    assert rates[25] == pytest.approx(run.trainer.schedule(24) / 2)
    assert isinstance(kinds(events, Finished)[0], Finished)
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text("utf-8").splitlines()]
    (recovered,) = [line for line in lines if line["event"] == "recovered"]
    assert recovered["step"] == 20
    assert str(loss)[:2] in recovered["reason"]


@mostly_slow("stops", [[21, 24], [3], [15], [20], [21], [24], [27], [33], [3, 13, 14, 26, 29]], one_in=9, slow_in=4)
@pytest.mark.parametrize(
    ("at", "weakest", "eval_every", "back_to"),
    [
        ((27,), 0, 5, [20]),
        ((27,), 1, 5, [20, 20]),
        ((25,), 3, 5, [20, 20, 20, 20]),  # the best is of step 25, beyond the snapshot
        ((20,), 3, 7, [20, 20, 14, 14]),  # from the third try on, the best
        ((12, 27), 0, 5, [10]),
    ],
)
def test_a_stopped_and_resumed_training_rolls_back_to_the_same_snapshot(
    start, plant, tmp_path, at, weakest, eval_every, back_to, stops
):
    plant(math.nan, *at, weakest=weakest)
    setting = f"training.eval_every={eval_every}"
    whole = follow(plant, start("whole", setting))
    follow(plant, start("parts", setting), until=stops[0])
    for stop in (*stops[1:], None):
        follow(plant, api.resume(tmp_path / "parts"), until=stop)
    for name in ("last", "best"):
        files = [tmp_path / run / f"{name}.safetensors" for run in ("whole", "parts")]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert [event.step for event in kinds(whole, Recovered)] == back_to


def test_a_fault_that_does_not_go_away_ends_the_training_though_the_best_is_far_back(start, plant, monkeypatch):
    """The way from there to the fault passes a snapshot, which is none beyond it."""
    validate_as(monkeypatch, plant, {5: 3.0})
    plant(math.nan, 24, weakest=99)
    run = start("run", "training.recoveries=4")
    with pytest.raises(DivergedError, match="rolling back 4 times"):
        follow(plant, run)
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert [line["step"] for line in lines if line["event"] == "recovered"] == [20, 20, 5, 5]


def test_a_rollback_target_is_a_snapshot_even_off_schedule(start, plant):
    plant(math.nan, 20, weakest=2, at=[(16, 3)])
    events = follow(plant, start("run", "training.eval_every=7"))
    assert [event.step for event in kinds(events, Recovered)] == [20, 20, 14, 14]


def test_the_best_checkpoint_survives_a_rollback(start, plant, monkeypatch):
    validate_as(monkeypatch, plant, {25: 3.0})
    plant(math.nan, 27)
    run = start()
    follow(plant, run)
    assert (run.trainer.progress.best_step, run.trainer.progress.best_loss) == (25, 3.0)
    assert load(run.path / "best.safetensors").progress.step == 25


def foreign(plant, tmp_path, what):
    """A run that differs in one thing alone."""
    text = (tmp_path / "text.txt").read_text("utf-8")
    swapped = text.replace("cat", "tac") if what == "text" else text.replace("c", "é") if what == "vocabulary" else text
    (tmp_path / "other.txt").write_text(swapped, "utf-8")
    settings = [*TINY, *(["model.hidden_size=12"] if what == "network" else [])]
    run = tiny.start(tmp_path / "other", tmp_path / "other.txt", *settings)
    follow(plant, run, until=22)
    return run.path


@pytest.mark.parametrize("what", ["network", "text", "vocabulary"])
def test_no_snapshot_of_another_run_is_taken(start, plant, tmp_path, what):
    follow(plant, start("run"), until=22)
    other = foreign(plant, tmp_path, what)
    for name in ("previous", "best"):
        (tmp_path / "run" / f"{name}.safetensors").write_bytes((other / f"{name}.safetensors").read_bytes())
    recovery = api.resume(tmp_path / "run").trainer.recovery
    assert recovery._newest().progress.step == 22
    assert recovery._best().progress.step == 22


def test_weights_alone_are_no_snapshot(start, plant, tmp_path):
    follow(plant, start("run"), until=22)
    for name in ("previous", "best"):
        path = tmp_path / "run" / f"{name}.safetensors"
        export.write(load(path), path, "charrnn", replace=True)
    recovery = api.resume(tmp_path / "run").trainer.recovery
    assert recovery._newest().progress.step == 22
    assert recovery._best().progress.step == 22


@mostly_slow("damage", ["damaged", "deleted"], one_in=2)
@pytest.mark.parametrize("name", ["previous", "best"])
def test_a_lost_snapshot_does_not_stop_the_training(start, plant, tmp_path, damage, name):
    plant(math.nan, 27, weakest=3)
    follow(plant, start("run"), until=22)
    path = tmp_path / "run" / f"{name}.safetensors"
    path.write_bytes(b"?") if damage == "damaged" else path.unlink()
    assert kinds(follow(plant, api.resume(tmp_path / "run")), Finished)[0].reason == "steps"


def test_a_training_that_was_killed_after_a_rollback_goes_on_from_there(start, plant, tmp_path):
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
        DivergedError, match=r"training diverged at step 26: loss nan.*rolling back 3 times.*diverged\.safetensors"
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
    assert "".join(symbols[i] for i in inputs[:, 0]) in (run.path.parent / "text.txt").read_text("utf-8")


def test_the_saved_batch_has_the_state_before_the_rejected_step(start, plant):
    settings = ["training.reset_probability=0", "training.recoveries=0"]
    undisturbed = start("undisturbed", *settings)
    follow(plant, undisturbed, until=25)
    plant(math.nan, 25)
    run = start("run", *settings)
    with pytest.raises(DivergedError, match="at step 26"):
        follow(plant, run)
    with safetensors.safe_open(run.path / "diverged.safetensors", framework="np") as file:
        np.testing.assert_array_equal(file.get_tensor("state"), undisturbed.trainer.state)


def test_tries_are_counted_from_zero_after_a_later_snapshot(start, plant, monkeypatch):
    plant(math.nan, 12, 22, 32, weakest=99)
    run = start("run", "training.recoveries=1")
    made = []

    def once(self, window, state, *options, measure=DataParallel.loss_and_gradient):
        step = run.trainer.progress.step
        found = measure(self, window, state, *options)
        if math.isnan(found) and step in made:
            return 2.0
        made.append(step)
        return found

    monkeypatch.setattr(DataParallel, "loss_and_gradient", once)
    events = follow(plant, run)
    assert [event.tries for event in kinds(events, Recovered)] == [1, 1, 1]
    assert run.trainer.progress.halvings == 3


def test_without_recovery_divergence_ends_the_training(start, plant):
    plant(math.nan, 27)
    with pytest.raises(DivergedError, match=r"training diverged at step 28: loss nan"):
        follow(plant, start("off", "training.recoveries=0"))


def test_without_recovery_no_spike_is_detected(start, plant):
    plant(50.0, 27)
    assert not kinds(follow(plant, start("leap", "training.recoveries=0")), Recovered)


def test_a_spike_caused_by_the_text_is_accepted(tmp_path):
    """One stream switches to another language, which an earlier network finds equally hard."""
    text = tmp_path / "two.txt"
    text.write_text("abab" * 300 + "".join(map(chr, range(0x4E00, 0x4E00 + 400))) + "abab" * 100, "utf-8")
    settings = ["training.batch_size=1", "training.learning_rate=0.03", "training.steps=180", "data.split=[1, 0, 0]"]
    events = list(tiny.start(tmp_path / "run", text, *settings).events())
    losses = [event.loss for event in kinds(events, Stepped)]
    assert max(losses[150:]) > losses[149] + 5
    assert not kinds(events, Recovered)


def test_a_validation_loss_that_is_not_finite_rolls_back_too(start, plant, monkeypatch):
    validate_as(monkeypatch, plant, {15: math.nan})
    (recovered,) = kinds(follow(plant, start()), Recovered)
    assert (recovered.step, recovered.diverged_step) == (10, 15)


def test_a_rollback_keeps_the_halvings_of_a_plateau(start, plant, monkeypatch):
    """No validation is better than that of step 5: the rate is halved at 15 and at 25, and the snapshot of step 20 knows of
    the first alone.
    """
    validate_as(monkeypatch, plant, {5: 3.0})
    plant(math.nan, 27)
    run = start("run", "training.schedule=plateau", "training.learning_rate=0.008")
    (recovered,) = kinds(follow(plant, run), Recovered)
    assert recovered.step == 20
    assert recovered.learning_rate == pytest.approx(0.008 / 4 / 2)


def test_halvings_of_a_plateau_that_a_snapshot_knows_of_stay():
    before, saved = Progress(step=27, stalls=1), Progress(step=20, stalls=3)
    assert _progress_after_rollback(before, saved, 28, 1).stalls == 3


@pytest.mark.parametrize(
    ("before", "saved", "patience_spent"),
    [
        (3, 1, 1),  # two evaluations of the way that was left are made once more
        (0, 2, 0),  # there was a new best on it
        (2, 2, 2),
    ],
)
def test_patience_is_not_spent_twice_on_the_same_steps(before, saved, patience_spent):
    left = Progress(step=27, best_loss=3.0, best_step=25 if before == 0 else 5, evaluations_without_best=before)
    snapshot = Progress(step=20, best_loss=3.5, best_step=5, evaluations_without_best=saved)
    after = _progress_after_rollback(left, snapshot, 28, 1)
    assert after.evaluations_without_best == patience_spent
    assert (after.best_loss, after.best_step) == ((3.0, 25) if before == 0 else (3.5, 5))
    assert (after.step, after.recovered_step, after.diverged_step, after.halvings, after.tries) == (20, 20, 28, 1, 1)


def test_a_rollback_does_not_use_up_patience(start, plant, monkeypatch):
    """No validation improves on that of step 5; the four at 10, 15, 20 and 25 do not, then it rolls back to 20."""
    validate_as(monkeypatch, plant, {5: 3.0})
    plant(math.nan, 27)
    events = follow(plant, start("run", "training.patience=5"))
    (recovered,) = kinds(events, Recovered)
    assert recovered.step == 20
    (finished,) = kinds(events, Finished)
    assert (finished.reason, finished.step) == ("patience", 30)


def test_the_loss_of_a_snapshot_scores_each_document_from_the_zero_state(start, plant, tmp_path, text_file):
    """Read document by document, each stream alone: from the state at the beginning, and from 0 after each end."""
    config = resolve(None, TINY, {"data.boundary": ("here", r"\n")}).config
    run = api.start(api.plan([str(text_file)], config), tmp_path / "run")
    follow(plant, run, until=22)
    recovery, windows = run.trainer.recovery, run.trainer.windows
    window = next(
        window for window in windows_of(windows) if window.reset_mask is not None and window.reset_mask[2:].any()
    )
    state = np.random.default_rng(0).uniform(-0.9, 0.9, run.trainer.state.shape).astype(np.float32)
    network, expected = recovery._newest().network, 0.0
    for b in range(4):
        places = [0, *np.flatnonzero(window.reset_mask[:, b]).tolist(), 8]
        for place, end in pairwise(places):
            if end > place:
                own = state[:, [b]] if not window.reset_mask[place, b] else network.zero_state(1)
                inputs, targets = window.inputs[place:end, [b]], window.targets[place:end, [b]]
                expected += network.forward(inputs, targets, own, network.workspace(end - place, 1))
    assert recovery.snapshot_loss(Batch(window, state)) == pytest.approx(expected / 32, rel=1e-5)


def windows_of(windows):
    return iter(lambda: next(windows), None)
