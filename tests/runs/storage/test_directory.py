import io
import json
import os
import re

import pytest

from charrnn import api
from charrnn.errors import CheckpointError, RunError
from charrnn.runs.storage import directory, metrics_log
from charrnn.runs.storage.checkpoint import load
from charrnn.system.files.folder_handle import Folder
from charrnn.training.events import Sampled, Stepped
from charrnn.training.parallel.communicator import Communicator


def test_a_run_is_never_overwritten(tiny_run):
    before = {path.name: path.read_bytes() for path in tiny_run.iterdir()}
    with pytest.raises(
        RunError, match=f"already holds a run; resume it: charrnn train --resume {re.escape(str(tiny_run))}"
    ):
        directory.create(tiny_run)
    assert {path.name: path.read_bytes() for path in tiny_run.iterdir()} == before


def test_a_directory_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", "utf-8")
    with pytest.raises(RunError, match=r"not empty \(it holds thesis\.txt\)"):
        directory.create(tmp_path)
    with pytest.raises(RunError, match="a file, not a directory"):
        directory.create(tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_asking_whether_a_directory_is_free_makes_nothing(tmp_path, tiny_run):
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "thesis.txt").write_text("years of work", "utf-8")
    for taken, why in (
        (tiny_run, "already holds a run; resume it"),
        (notes, r"not empty \(it holds thesis\.txt\)"),
        (notes / "thesis.txt", "a file, not a directory"),
    ):
        with pytest.raises(RunError, match=why):
            directory.require_free(taken)
    directory.require_free(notes / "new" / "run")
    assert [path.name for path in notes.iterdir()] == ["thesis.txt"]


def test_the_error_names_the_process_that_trains_in_a_directory(tmp_path):
    lock = directory.create(tmp_path / "x")
    with pytest.raises(RunError, match=f"another training is writing there: process {os.getpid()}"):
        directory.require_free(tmp_path / "x")
    lock.release()
    directory.require_free(tmp_path / "x")
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["lock"]


def test_the_next_free_name(tmp_path):
    names = []
    for _ in range(3):
        lock = directory.create_next(tmp_path / "runs", "x")
        names.append(lock.folder.path.name)
        lock.release()
    assert names == ["x", "x-2", "x-3"]
    with pytest.raises(RunError, match="a file, not a directory"):
        directory.create_next(tmp_path / "runs" / "x" / "lock", "x")


def test_a_run_killed_before_its_first_save_can_be_started_again(tmp_path):
    directory.create(tmp_path / "x").release()
    (tmp_path / "x" / "last.safetensors.tmp").write_bytes(b"half")
    again = directory.create(tmp_path / "x")
    assert again.folder.path == tmp_path / "x"
    assert str(os.getpid()) in (tmp_path / "x" / "lock").read_text("utf-8")
    again.release()


def test_without_a_lock_files_with_the_names_of_side_files_are_kept(tmp_path):
    mine = tmp_path / "last.safetensors.tmp"
    mine.write_text("precious", "utf-8")
    for take in (directory.create, directory.require_free):
        with pytest.raises(RunError, match=r"not empty \(it holds last\.safetensors\.tmp\)"):
            take(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [mine.name]
    assert mine.read_text("utf-8") == "precious"


@pytest.mark.parametrize("lock", [None, "", "mine"])
def test_nothing_is_removed_from_a_folder_whose_checkpoint_is_none(tmp_path, lock):
    """A name alone makes no run directory."""
    mine = [
        "last.safetensors",
        *(f"{name}.tmp" for name in ("config.yaml", "last.safetensors", "previous.safetensors")),
    ]
    for name in mine:
        (tmp_path / name).write_text("precious", "utf-8")
    if lock is not None:
        (tmp_path / "lock").write_text(lock, "utf-8")
    before = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    with pytest.raises(CheckpointError, match=r"last\.safetensors: damaged"):
        directory.take_lock(tmp_path)
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == before


def test_last_and_previous_are_one_save_apart(tiny_run):
    assert load(tiny_run / "last.safetensors").progress.step == 20
    assert load(tiny_run / "previous.safetensors").progress.step == 10
    assert load(tiny_run / "best.safetensors").progress.step in (10, 20)


def test_the_checkpoint_that_a_run_means(tiny_run):
    def name(*arguments):
        return directory.load(*arguments).path.name

    assert name(tiny_run) == "best.safetensors"
    assert name(tiny_run, "last") == "last.safetensors"
    assert name(tiny_run / "previous.safetensors") == "previous.safetensors"
    (tiny_run / "best.safetensors").unlink()
    assert name(tiny_run) == "last.safetensors"
    with pytest.raises(RunError, match=r"holds no best\.safetensors"):
        directory.load(tiny_run, "best")


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated"])
@pytest.mark.parametrize(
    "find", [lambda run: directory.load_last(Folder(run)), lambda run: directory.load(run, "last")]
)
def test_a_damaged_last_checkpoint_is_replaced_by_the_previous_one_with_a_note(tiny_run, damage, find):
    last = tiny_run / "last.safetensors"
    content = last.read_bytes()
    last.unlink() if damage == "missing" else last.write_bytes(content[:-9] if damage == "truncated" else b"")
    loaded = find(tiny_run)
    assert loaded.checkpoint.progress.step == 10
    assert loaded.note.endswith("using previous.safetensors")
    (tiny_run / "previous.safetensors").unlink()
    with pytest.raises((RunError, CheckpointError), match=r"last\.safetensors"):
        find(tiny_run)


def test_a_run_that_is_not_there_is_refused(tiny_run):
    with pytest.raises(RunError, match="no such run; name a run directory"):
        directory.load(tiny_run.parent / "rum")
    with pytest.raises(RunError, match=r"holds no last"):
        directory.load(tiny_run.parent)


def test_a_line_that_was_cut_off_does_not_spoil_the_next(tiny_run):
    with (tiny_run / "metrics.jsonl").open("a") as file:
        file.write('{"event": "st')
    list(metrics_log.with_metrics_log([Sampled(3, "x", (0.5,))], Folder(tiny_run), 10, Communicator()))
    events = [json.loads(line) for line in (tiny_run / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert events[-2]["event"] == "baseline"
    assert events[-1] == {"event": "sample", "step": 3, "text": "x", "surprisals": [0.5]}


def test_the_metrics_of_a_step_are_on_disk_before_its_checkpoint(tmp_path, text_file, tiny_config):
    """A kill between the two must not lose them: a resumed training begins after that step."""
    run = api.start(api.plan([str(text_file)], tiny_config), tmp_path / "run")
    for event in run.events():
        if isinstance(event, Stepped) and event.step == 10:
            assert '"step": 10' in (tmp_path / "run" / "metrics.jsonl").read_text("utf-8")
            assert load(tmp_path / "run" / "last.safetensors").progress.step == 0
            break


def test_a_damaged_best_gives_way_to_the_last_unless_asked_for_by_name(tiny_run):
    (tiny_run / "best.safetensors").write_bytes(b"?")
    loaded = directory.load(tiny_run)
    assert loaded.path.name == "last.safetensors"
    assert re.search(r"best\.safetensors: damaged.*; using last\.safetensors", loaded.note)
    with pytest.raises(CheckpointError, match=r"damaged.*try `which` last"):
        directory.load(tiny_run, "best")


def test_metrics_hold_every_event_as_a_line_of_json(tiny_run):
    events = [json.loads(line) for line in (tiny_run / "metrics.jsonl").read_text("utf-8").splitlines()]
    names = [event["event"] for event in events]
    assert names.count("step") == 20
    assert names.count("eval") == names.count("sample") == 2
    assert names[-3:] == ["finished", "saved", "baseline"]
    step = next(event for event in events if event["event"] == "step")
    assert set(step) == {"event", "step", "epoch", "loss", "grad_norm", "clipped", "learning_rate", "chars_per_second"}
    assert set(next(e for e in events if e["event"] == "eval")) >= {"step", "split", "loss", "bpc"}
    assert set(next(e for e in events if e["event"] == "saved")) >= {"step", "path", "best"}


def test_lines_cut_by_a_full_disk_are_written_once_and_whole(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    list(metrics_log.with_metrics_log([Sampled(1, "x")], Folder(tmp_path), 10, Communicator()))
    before = path.read_bytes()

    class Full(io.FileIO):
        def write(self, data):
            if len(data) > 7:
                return super().write(data[:7])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Folder, "append_to", lambda folder, name: Full(folder.path / name, "a+"))
    with pytest.raises(RunError, match=r"metrics\.jsonl: cannot be written: No space"):
        list(metrics_log.with_metrics_log([Sampled(2, "y")], Folder(tmp_path), 10, Communicator()))
    assert path.read_bytes() == before
