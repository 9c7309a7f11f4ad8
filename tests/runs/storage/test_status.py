"""How far a run has come, from its metrics."""

import json

import pytest

from charrnn.runs.storage.directory import METRICS
from charrnn.runs.storage.history import read_history
from charrnn.runs.storage.status import RunStatus, last_step, read_status


def events(run):
    """The events that are logged, up to the last checkpoint."""
    found = [json.loads(line) for line in (run / METRICS).read_text("utf-8").splitlines()]
    return [event for event in found if event["event"] != "baseline"]


def write(run, found):
    (run / METRICS).write_text("".join(json.dumps(event) + "\n" for event in found), "utf-8")


def test_a_run_that_is_done_has_its_best_loss_and_is_finished(tiny_run):
    found = read_status(tiny_run)
    step, loss = read_history(tiny_run).best
    assert (found.best_loss, found.step, found.finished) == (loss, step, True)
    assert found.seconds == next(event for event in events(tiny_run) if event["event"] == "finished")["seconds"]
    assert last_step(tiny_run) == 20


@pytest.mark.parametrize("damage", ["not saved", "not saved, and resumed", "stopped", "resumed"])
def test_a_run_that_did_not_come_to_its_end_and_save_is_not_finished(tiny_run, damage):
    found = events(tiny_run)
    if damage == "not saved":  # killed between the event of the end and the last checkpoint
        found = found[:-1]
    elif damage == "not saved, and resumed":
        found[-1] = {"event": "resumed", "step": 10}
    elif damage == "stopped":
        found[-2]["reason"] = "stopped"
    else:
        found.append({"event": "resumed", "step": 20})
    write(tiny_run, found)
    assert not read_status(tiny_run).finished
    assert read_status(tiny_run).best_loss is not None


def test_the_seconds_of_several_sessions_are_added(tiny_run):
    found = events(tiny_run)
    write(tiny_run, [*found[:-2], {**found[-2], "reason": "stopped", "seconds": 5.0}, *found[-2:]])
    assert read_status(tiny_run).seconds == 5.0 + found[-2]["seconds"]


def test_no_run_has_an_empty_outcome(tmp_path):
    assert read_status(tmp_path) == read_status(tmp_path / "nothing") == RunStatus()
    assert last_step(tmp_path) is None


def test_damaged_lines_are_skipped(tiny_run):
    with (tiny_run / METRICS).open("ab") as file:
        file.write(b'{"event": "finished", "seconds": "\xff\n{"event": "saved", "seconds": []}\n[1]\n')
    assert not read_status(tiny_run).finished
    assert last_step(tiny_run) == 20
