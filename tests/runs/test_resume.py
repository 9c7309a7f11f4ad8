"""A resume that would silently change the run is refused; small changes are noted."""

import contextlib
import errno
import itertools
import os
from dataclasses import replace

import numpy as np
import pytest
from tiny import follow, trained

from charrnn import api
from charrnn.errors import RunError, UnreadableError
from charrnn.runs.planning.resumed_plan import require_few_workers
from charrnn.runs.storage.checkpoint import load, save
from charrnn.runs.time_budget import StepBudget
from charrnn.training.events import Finished, Stepped


def edit(run, old, new):
    config = run / "config.yaml"
    assert old in config.read_text("utf-8")
    config.write_text(config.read_text("utf-8").replace(old, new), "utf-8")


def test_a_config_that_was_edited_is_refused_naming_the_difference(tiny_run):
    edit(tiny_run, "learning_rate: 0.003", "learning_rate: 0.001")
    edit(tiny_run, "cell: rnn", "cell: gru")
    with pytest.raises(
        RunError,
        match=r"model\.cell is gru, and was rnn; training\.learning_rate is 0\.001, and was 0\.003",
    ):
        api.resume(tiny_run, steps=30)


def test_changing_only_the_end_is_not_an_edit_of_the_configuration(tiny_run):
    """It may have been asked for with --steps, by a training that was killed before its first save."""
    edit(tiny_run, "steps: 20", "steps: 30")
    (finished,) = (event for event in api.resume(tiny_run, steps=40).events() if isinstance(event, Finished))
    assert (finished.step, finished.reason) == (40, "steps")
    assert "steps: 40\n" in (tiny_run / "config.yaml").read_text("utf-8")


@pytest.mark.parametrize("content", [None, b""])
def test_a_config_that_was_lost_is_written_again(tiny_run, content):
    before = (tiny_run / "config.yaml").read_bytes()
    (tiny_run / "config.yaml").unlink() if content is None else (tiny_run / "config.yaml").write_bytes(content)
    list(api.resume(tiny_run).events())
    assert (tiny_run / "config.yaml").read_bytes() == before


def test_an_invalid_config_is_an_error_and_stays_as_it_is(tiny_run):
    (tiny_run / "config.yaml").write_text("model: {cell: transformer}", "utf-8")
    with pytest.raises(RunError, match=r"config\.yaml was changed: .*model\.cell: .* found 'transformer'"):
        api.resume(tiny_run)
    assert (tiny_run / "config.yaml").read_text("utf-8") == "model: {cell: transformer}"


def test_other_versions_are_noted(tiny_run):
    last = tiny_run / "last.safetensors"
    save(replace(load(last), versions={"numpy": "1.0", "charrnn": "0.1.0"}), last)
    (note,) = api.resume(tiny_run).plan.notes
    assert note.startswith("it was trained with numpy 1.0, now ")
    assert note.endswith("it may not end with the same bytes")


def test_a_damaged_best_is_noted(tiny_run):
    (tiny_run / "best.safetensors").write_bytes(b"?")
    (note,) = api.resume(tiny_run).plan.notes
    assert "best.safetensors: damaged" in note


def test_a_new_end_outlives_a_kill_before_the_next_save(tiny_run):
    run = api.resume(tiny_run, steps=30)
    for event in run.events():
        if isinstance(event, Stepped):
            break
    assert load(tiny_run / "last.safetensors").config.training.steps == 30
    assert load(tiny_run / "previous.safetensors").progress.step == 10
    assert api.resume(tiny_run).plan.steps == 30


def test_half_written_files_of_a_killed_process_are_removed(tiny_run):
    for name in ("last.safetensors.tmp", "best.safetensors.tmp", "previous.safetensors.tmp", "config.yaml.tmp"):
        (tiny_run / name).write_bytes(b"half")
    (tiny_run / "notes.tmp").write_bytes(b"the user's own")
    list(api.resume(tiny_run).events())
    assert [path.name for path in tiny_run.glob("*.tmp")] == ["notes.tmp"]


def test_a_checkpoint_starts_no_more_processes_than_a_machine_can_bear(tiny_run, monkeypatch):
    """The checkpoint may be untrusted: 4,096 workers would take all memory."""
    last = tiny_run / "last.safetensors"
    saved = load(last)
    many = saved.config.with_values("runtime", threads=4096).with_values("training", batch_size=66)
    state = np.zeros(saved.network.architecture.state_shape(66), saved.state.dtype)
    asking = replace(saved, config=many, state=state)
    save(asking, last)
    (tiny_run / "config.yaml").unlink()
    before = last.read_bytes()
    monkeypatch.setattr("charrnn.runs.planning.resumed_plan.usable_cores", lambda: range(16))
    with pytest.raises(RunError, match=r"asks for 66 processes, and this machine has 16 cores; .* --from"):
        api.resume(tiny_run)
    assert last.read_bytes() == before
    require_few_workers(asking, tiny_run, 2)  # each rank has a share
    monkeypatch.setattr("charrnn.runs.planning.resumed_plan.usable_cores", lambda: range(17))
    require_few_workers(asking, tiny_run, 1)


def test_the_same_end_again_changes_nothing(tmp_path, text_file, tiny_config):
    """Not even the count of validations without a better loss."""
    config = tiny_config.with_values("training", schedule="plateau", learning_rate=1.0, eval_every=2, steps=40)
    plan = api.plan([str(text_file)], config)
    list(api.start(plan, tmp_path / "whole").events())
    follow(api.start(plan, tmp_path / "parts"), until=12)
    list(api.resume(tmp_path / "parts", steps=40).events())
    assert (tmp_path / "parts/last.safetensors").read_bytes() == (tmp_path / "whole/last.safetensors").read_bytes()


def test_a_new_end_outlives_a_damaged_last(tiny_run):
    list(api.resume(tiny_run, steps=30).events())
    run = api.resume(tiny_run, steps=60)
    for event in run.events():
        if isinstance(event, Stepped) and event.step == 33:
            break
    (tiny_run / "last.safetensors").write_bytes(b"?")
    assert api.resume(tiny_run).plan.steps == 60


@pytest.mark.skipif(os.name != "posix", reason="named pipes")
def test_a_pipe_in_the_place_of_the_last_is_not_waited_for(tiny_run):
    (tiny_run / "last.safetensors").unlink()
    os.mkfifo(tiny_run / "last.safetensors")
    assert "a pipe, not a plain file; using previous" in api.resume(tiny_run).plan.notes[0]


def test_a_checkpoint_that_may_be_intact_is_not_replaced_by_an_older_one(tiny_run, monkeypatch):
    last = tiny_run / "last.safetensors"
    before = last.read_bytes()
    monkeypatch.setattr("charrnn.runs.storage.checkpoint.SafetensorsReader", unreadable)
    with pytest.raises(UnreadableError, match=r"last\.safetensors: cannot be read: Input/output error"):
        api.resume(tiny_run)
    assert last.read_bytes() == before


def unreadable(file):
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links are followed here")
@pytest.mark.parametrize(
    "name", ["lock", "metrics.jsonl", "last.safetensors.tmp", "previous.safetensors.tmp", "config.yaml.tmp"]
)
def test_no_link_is_followed(tiny_run, tmp_path, name):
    victim = tmp_path / "victim"
    victim.write_text("years of work\n", "utf-8")
    (tiny_run / name).unlink(missing_ok=True)
    (tiny_run / name).symlink_to(victim)
    with contextlib.suppress(RunError):
        list(api.resume(tiny_run, steps=30).events())
    assert victim.read_text("utf-8") == "years of work\n"
    assert not (tiny_run / "previous.safetensors").is_symlink()


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links are followed here")
@pytest.mark.parametrize("name", ["lock", "last.safetensors.tmp"])
def test_no_link_is_followed_by_a_run_that_begins(tmp_path, text_file, tiny_config, name):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).symlink_to(tmp_path / "victim")
    with contextlib.suppress(RunError):
        list(api.start(api.plan([str(text_file)], tiny_config), tmp_path / "run").events())
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize(("steps", "made"), [(None, 0), (20, 0), (25, 10)])
def test_only_a_new_end_gives_new_patience(tmp_path, text_file, monkeypatch, steps, made):
    """The best of step 5 is never reached again: with patience for 2 of 5 steps each, the training ends at step 15."""
    validated = itertools.count(1.0)
    monkeypatch.setattr("charrnn.training.trainer.mean_loss", lambda *_: next(validated))
    run = trained(tmp_path / "run", text_file, "training.eval_every=5", "training.patience=2")
    assert load(run / "last.safetensors").progress.step == 15
    events = list(api.resume(run, steps=steps).events())
    assert sum(isinstance(event, Stepped) for event in events) == made
    assert [event.step for event in events if isinstance(event, Finished)] == [15 + made]


def test_time_is_for_steps_beyond_those_that_are_made(tiny_run, monkeypatch):
    monkeypatch.setattr("charrnn.runs.time_budget.steps_within", lambda *_: StepBudget(7, "7 steps"))
    run = api.resume(tiny_run, seconds=5.0)
    assert run.plan.steps == 27
    assert "7 steps" in run.plan.notes
    assert sum(isinstance(event, Stepped) for event in run.events()) == 7
