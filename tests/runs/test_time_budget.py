"""--time: a measurement becomes a number of steps."""

import contextlib
import math
import re
import time

import pytest
import tiny

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.diagnostics.gradflow.flow_estimate import FlowEstimate
from charrnn.errors import DivergedError, OptionError, RunError
from charrnn.runs import time_budget
from charrnn.system.files.folder_handle import Folder
from charrnn.training.events import Evaluated, Finished, Flowed, Sampled, Saved, Stepped


def test_steps_are_computed_from_the_remaining_time(monkeypatch, text_file, tiny_config):
    plan = api.plan([str(text_file)], tiny_config)
    monkeypatch.setattr(
        time_budget, "_measure_cost", lambda *_: time_budget.StepCost(step=0.1, validation=0.5, start=1.0)
    )
    steps, note, eval_every = time_budget.steps_within(plan, 100, time.perf_counter() - 20)
    # 100 - 20 - 1.5 seconds are left; a step takes 0.1 and its share of a validation.
    assert steps == pytest.approx(78.5 / (0.1 + 0.5 / plan.config.training.eval_every), abs=1)
    assert "1 min 40 s is time for" in note
    assert eval_every is None
    with pytest.raises(OptionError, match="too short for one step"):
        time_budget.steps_within(plan, 21, time.perf_counter() - 20)


@pytest.mark.parametrize(
    ("step", "validation", "expected"),
    [
        (0.1, 0.5, (950, None)),  # ten validations, one for each tenth
        (0.01, 0.0, (10_000, None)),
        (0.001, 0.5, (50_000, None)),  # one for each 500 steps
        (0.1, 5.0, (800, 200)),  # ten would take half of the time: four take a fifth
        (0.1, 60.0, (400, 400)),  # at least one, at the end
    ],
)
def test_validations_that_nobody_asked_for_take_a_fifth_of_the_time_at_most(step, validation, expected):
    assert time_budget._divide(100, time_budget.StepCost(step, validation, 0), None) == expected


def test_a_time_with_dear_validations_plans_fewer_of_them(monkeypatch, text_file, tiny_config):
    monkeypatch.setattr(time_budget, "_measure_cost", lambda *_: time_budget.StepCost(0.1, 5.0, 0.0))
    plan = api.plan([str(text_file)], tiny_config.with_values("training", eval_every=None), seconds=110)
    assert plan.eval_every == plan.config.training.eval_every == math.ceil(plan.steps / 4)


def test_the_measurement_trains_validates_and_saves_but_leaves_nothing_behind(text_file, tiny_config, tmp_path):
    plan = api.plan([str(text_file)], tiny_config)
    cost = time_budget._measure_cost(plan, 0.05)
    assert cost.step > 0
    assert cost.start > 0
    assert cost.validation > 0
    assert not (tmp_path / "runs").exists()


def test_a_plan_within_a_time_is_recorded_as_steps(text_file, tiny_config):
    plan = api.plan([str(text_file)], tiny_config, seconds=2)
    assert plan.config.training.steps == plan.steps > 0
    assert any(f"2 s is time for {plan.steps:,} steps" in note for note in plan.notes)


def test_without_a_validation_split_only_steps_are_measured(text_file, tiny_config):
    config = tiny_config.with_values("data", split=(1.0, 0.0, 0.0))
    assert api.plan([str(text_file)], config, seconds=2).steps > 0


STEPS = [Stepped(n, 0, 0, 0, False, 0, 0) for n in range(1, 6)]
VALIDATION = Evaluated(5, "valid", 1, 1, True)
FLOW = Flowed(step=2, **dict.fromkeys(FlowEstimate.__dataclass_fields__))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([Saved(0, "", False), *STEPS, VALIDATION, Saved(5, "", True), Finished(5, "steps", 1, 1)], (2, 3, 3, 2)),
        ([*STEPS[:2], FLOW, STEPS[2], FLOW, STEPS[3], VALIDATION], (1, 2, 4, 1)),
        ([*STEPS, Sampled(5, ""), VALIDATION, Sampled(5, "")], (1, 3, 3, 2)),
    ],
)
def test_the_clock_counts_steps_after_the_warm_up_and_everything_but_the_end(monkeypatch, events, expected):
    """An estimate of the gradient flow is a part of the step that follows."""
    ticks = iter(range(100))
    monkeypatch.setattr(time_budget.time, "perf_counter", lambda: next(ticks))
    clock = time_budget._Clock(warm_up=1.5)
    for event in events:
        clock.note(event)
    assert (clock.start, clock.steps, clock.stepping, clock.rest) == expected


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf])
def test_an_invalid_time_is_refused_before_anything_is_measured(text_file, tiny_config, seconds):
    with pytest.raises(OptionError, match="must be a finite number above 0"):
        api.plan([str(text_file)], tiny_config, seconds=seconds)


def test_a_training_that_diverges_while_it_is_measured_names_no_file_that_is_gone(text_file, tmp_path):
    settings = [*tiny.TINY, "training.learning_rate=1000", "training.optimizer=sgd", "training.max_grad_norm=null"]
    plan = api.plan([str(text_file)], resolve(None, [*settings, "model.nonlinearity=relu"]).config)
    with pytest.raises(
        DivergedError, match=r"^`seconds`: while measuring, training diverged at step .*; start again with"
    ) as caught:
        time_budget.steps_within(plan, 20, time.perf_counter())
    assert "safetensors" not in str(caught.value)


def test_a_temporary_folder_that_cannot_be_written_is_named_with_the_ways_out(
    text_file, tiny_config, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("a file where a folder should be", "utf-8")
    monkeypatch.setattr(time_budget.tempfile, "tempdir", str(tmp_path / "file"))
    expected = (
        rf"^`seconds`: the measurement needs a folder, and {re.escape(str(tmp_path / 'file'))} cannot be written: .*; "
        r"set the environment variable TMPDIR to another folder, or use `steps`$"
    )
    with pytest.raises(RunError, match=expected):
        api.plan([str(text_file)], tiny_config, seconds=2)


def test_a_temporary_folder_that_is_full_is_named_with_the_ways_out(text_file, tiny_config, monkeypatch):
    @contextlib.contextmanager
    def full(folder, name, *others):
        raise OSError(28, "No space left on device")
        yield

    monkeypatch.setattr(Folder, "whole_file", full)
    with pytest.raises(
        RunError,
        match=r"^`seconds`: the measurement needs a folder, and .* cannot be written: No space left on device; set .* TMPDIR",
    ):
        api.plan([str(text_file)], tiny_config, seconds=2)
