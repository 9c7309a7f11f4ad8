"""Which runs there are, and what is known of each."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from tiny import TINY, follow, start, trained

from charrnn import api
from charrnn.config.resolve import known_keys, resolve
from charrnn.errors import DivergedError
from charrnn.runs.catalogue import find_runs, list_runs, planned_steps, summarise
from charrnn.runs.storage.checkpoint import load, save
from charrnn.runs.storage.recent_events import READ_BYTES, read_recent_events
from charrnn.runs.storage.text_place import text_name
from charrnn.system import processes
from charrnn.system.files import lock
from charrnn.system.files.lock import Lock, is_held


def snapshot(folder):
    """Everything below a folder: names, contents, times."""
    return {path: (path.is_file() and path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*")}


def test_a_finished_run_is_known_by_its_numbers(tiny_run, tmp_path):
    (found,) = list_runs(tmp_path)
    progress = load(tiny_run / "last.safetensors").progress
    assert (found.path, found.name, found.text, found.state) == (tiny_run, "run", "text.txt", "finished")
    assert (found.cell, found.hidden_size, found.num_layers) == ("rnn", 16, 1)
    assert (found.step, found.steps, found.best_loss) == (20, 20, progress.best_loss)
    assert (found.unit, found.problem) == ("char", None)
    assert abs(found.changed - (tiny_run / "last.safetensors").stat().st_mtime) < 60
    assert summarise(tiny_run) == found


def test_listing_changes_nothing_and_takes_no_lock(tiny_run, tmp_path):
    before = snapshot(tmp_path)
    with_lock = Lock(tiny_run)
    try:
        assert list_runs(tmp_path)[0].state == "running"
        with_lock.release()
    finally:
        with_lock.release()
    after = snapshot(tmp_path)
    assert before.keys() == after.keys()
    list_runs(tmp_path)
    assert snapshot(tmp_path) == after


def test_a_run_that_trains_shows_the_step_and_the_loss_of_its_log(tmp_path, text_file):
    run = start(tmp_path / "run", text_file, "training.save_every=15", "training.eval_every=3")
    events = run.events()
    for event in events:
        if type(event).__name__ == "Stepped" and event.step == 13:
            break
    (found,) = list_runs(tmp_path)
    assert (found.state, found.step) == ("running", 12)  # steps are written in groups, with each validation
    assert found.best_loss == load(tmp_path / "run" / "best.safetensors").progress.best_loss
    events.close()
    (found,) = list_runs(tmp_path)
    assert (found.state, found.step) == ("stopped", load(tmp_path / "run" / "last.safetensors").progress.step)


def test_a_run_that_was_stopped_is_stopped_until_it_is_finished(tmp_path, text_file):
    follow(start(tmp_path / "run", text_file), until=7)
    (found,) = list_runs(tmp_path)
    assert (found.state, found.step, found.steps) == ("stopped", 7, 20)
    follow(api.resume(tmp_path / "run"))
    assert list_runs(tmp_path)[0].state == "finished"
    follow(api.resume(tmp_path / "run", steps=30), until=25)
    (found,) = list_runs(tmp_path)
    assert (found.state, found.step, found.steps) == ("stopped", 25, 30)


def test_patience_finishes_a_run(tmp_path, text_file):
    settings = ("training.learning_rate=1e-9", "training.patience=1", "training.eval_every=2", "training.steps=1000")
    run = start(tmp_path / "run", text_file, *settings)
    step = follow(run)[-1].step
    (found,) = list_runs(tmp_path)
    assert (found.state, found.step, found.steps) == ("finished", step, 1000)
    (tmp_path / "run" / "metrics.jsonl").unlink()
    assert list_runs(tmp_path)[0].state == "finished"


def test_a_run_that_diverged_for_good_has_diverged_until_it_passes_that_step(tmp_path, text_file):
    run = start(
        tmp_path / "run",
        text_file,
        "training.learning_rate=1000",
        "training.optimizer=sgd",
        "training.max_grad_norm=null",
        "training.recoveries=1",
    )
    with pytest.raises(DivergedError):
        list(run.events())
    (found,) = list_runs(tmp_path)
    assert found.state == "diverged"
    last = tmp_path / "run" / "last.safetensors"
    saved = load(last)
    save(replace(saved, progress=replace(saved.progress, step=19)), last)
    assert list_runs(tmp_path)[0].state == "stopped"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_the_lock_of_a_killed_process_counts_no_more(tiny_run):
    code = f"from pathlib import Path; from charrnn.system.files.lock import Lock; held = Lock(Path({str(tiny_run)!r})); print(flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    assert is_held(tiny_run)
    assert summarise(tiny_run).state == "running"
    process.kill()
    process.wait()
    assert json.loads((tiny_run / "lock").read_text("utf-8"))["pid"] == process.pid
    assert not is_held(tiny_run)
    process.stdin.close()
    process.stdout.close()


def test_a_process_that_has_the_number_of_a_dead_one_does_not_count(tiny_run):
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        (tiny_run / "lock").write_text(
            json.dumps({"pid": other.pid, "host": lock.socket.gethostname(), "since": ""}), "utf-8"
        )
        assert processes.is_alive(other.pid)
        assert is_held(tiny_run) == (not processes.LOCK_TABLE.exists())
    finally:
        other.communicate(b"\n")


def test_without_a_list_of_locks_any_living_process_counts(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "LOCK_TABLE", tmp_path / "none")
    (tiny_run / "lock").write_text(
        json.dumps({"pid": os.getpid(), "host": lock.socket.gethostname(), "since": ""}), "utf-8"
    )
    assert is_held(tiny_run)
    for pid in (0, -1, 1 << 40, 1 << 70):
        (tiny_run / "lock").write_text(
            json.dumps({"pid": pid, "host": lock.socket.gethostname(), "since": ""}), "utf-8"
        )
        assert not is_held(tiny_run)


def test_a_lock_of_another_machine_counts_while_the_run_changes(tiny_run):
    (tiny_run / "lock").write_text('{"pid": 1, "host": "elsewhere", "since": ""}', "utf-8")
    assert is_held(tiny_run)
    for path in tiny_run.iterdir():
        os.utime(path, (time.time() - 7200,) * 2)
    assert not is_held(tiny_run)


@pytest.mark.parametrize(
    "content", ["", "\0\0", "{}", "[]", "[" * 999, '{"pid": "x", "host": 3}', '{"pid": 1e999, "host": "a"}']
)
def test_a_damaged_lock_is_not_held(tiny_run, content):
    (tiny_run / "lock").write_text(content, "utf-8")
    assert not is_held(tiny_run)


LINKS = ["link"] if os.name == "posix" else []  # on Windows few may make any


def test_the_newest_comes_first_and_sweeps_are_seen(tiny_run, tmp_path):
    runs = tmp_path / "runs"
    for number, name in enumerate(("old", "sweep/a", "sweep/b", "deep/er/c")):
        shutil.copytree(tiny_run, runs / name)
        for path in (runs / name).iterdir():
            os.utime(path, (1e9 + number,) * 2)
    (runs / ".hidden").mkdir()
    shutil.copytree(tiny_run, runs / ".hidden" / "run")
    if LINKS:
        (runs / "link").symlink_to(runs / "old")
        (runs / "elsewhere").symlink_to(tmp_path)
    (runs / "notes.txt").write_text("not a run", "utf-8")
    assert [run.name for run in list_runs(runs)] == [
        os.path.join("deep", "er", "c"),
        os.path.join("sweep", "b"),
        os.path.join("sweep", "a"),
        *LINKS,
        "old",
    ]
    assert [run.name for run in list_runs(runs / "old")] == ["old"]
    assert list(find_runs(runs / "nothing")) == list(find_runs(runs / "notes.txt")) == []


def test_a_folder_that_cannot_be_read_is_passed_over(tiny_run, tmp_path, monkeypatch):
    real = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(os, "scandir", scandir)
    assert [run.name for run in list_runs(tmp_path)] == ["run"]


DAMAGES = {
    "cut": lambda run: [
        (run / name).write_bytes((run / name).read_bytes()[:100])
        for name in ("last.safetensors", "previous.safetensors")
    ],
    "empty": lambda run: [(run / name).write_bytes(b"") for name in ("last.safetensors", "previous.safetensors")],
    "only a log": lambda run: [path.unlink() for path in run.glob("*.safetensors")],
    "a folder": lambda run: [path.unlink() or path.mkdir() for path in run.glob("*.safetensors")],
    "garbage": lambda run: [path.write_bytes(b"\xff" * 10_000) for path in run.iterdir()],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_says_so(tiny_run, tmp_path, damage):
    DAMAGES[damage](tiny_run)
    (found,) = list_runs(tmp_path)
    assert found.state == "damaged"
    assert (
        str(tiny_run / "previous.safetensors") in found.problem or str(tiny_run / "last.safetensors") in found.problem
    )
    assert (found.step, found.hidden_size, found.text) == (None, None, "")
    assert found.changed > 0


def test_a_damaged_last_checkpoint_is_replaced_by_the_one_before(tiny_run, tmp_path):
    (tiny_run / "last.safetensors").write_bytes(b"")
    (found,) = list_runs(tmp_path)
    assert (found.state, found.step) == ("stopped", 10)


def test_a_log_with_anything_in_it_does_no_harm(tiny_run, tmp_path):
    lines = [
        '{"event": "eval", "loss": "low", "step": 99}', '{"event": "step", "step": "x", "epoch": 1.0}', "[]", "5", "[" * 99999,
        '{"event": [], "step": {}}', '{"event": "step", "step": 5, "epoch": NaN}', '{"event": "baseline", "split": "valid", "loss": NaN}',
        '{"event": "finished", "reason": ["steps"], "step": 10}', "\xff", '{"event": "step", "step": ' + "9" * 999 + ', "epoch": 1.0}', '{"event": "baseline", "split": "valid", "loss": ' + "9" * 999 + "}",
    ]  # fmt: skip
    (tiny_run / "metrics.jsonl").write_text("\n".join(lines), "utf-8")
    (tiny_run / "diverged.safetensors").write_text("not at all", "utf-8")
    (found,) = list_runs(tmp_path)
    assert (found.state, found.ngram_loss) == ("finished", None)


def test_the_loss_of_the_ngram_is_taken_from_the_log(tiny_run, tmp_path):
    with (tiny_run / "metrics.jsonl").open("a") as file:
        file.write('{"event": "baseline", "split": "valid", "ngram_order": 4, "loss": 2.5}\n')
        file.write('{"event": "baseline", "split": "test", "ngram_order": 4, "loss": 9.5}\n')
    assert list_runs(tmp_path)[0].ngram_loss == 2.5


def test_only_both_ends_of_a_long_log_are_read(tmp_path):
    events = [{"event": "step", "step": number} for number in range(20_000)]
    text = "".join(json.dumps(event) + "\n" for event in events)
    (tmp_path / "metrics.jsonl").write_text(text, "utf-8")
    found = [event["step"] for event in read_recent_events(tmp_path)]
    assert (found[0], found[-1]) == (0, 19_999)
    assert found == sorted(set(found))
    assert len(found) < 2 * READ_BYTES / 20 < len(events)
    (tmp_path / "metrics.jsonl").write_text(text[:1000], "utf-8")
    assert [event["step"] for event in read_recent_events(tmp_path)] == list(range(text[:1000].count("\n")))
    assert read_recent_events(tmp_path / "none") == []


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["training.stride=3"],
        ["data.split=[0.6,0.2,0.2]"],
        ["data.unit=byte"],
        ["data.protocol=char-rnn", "data.slices=[2,5]"],
        ["data.boundary=\\n"],
    ],
)
def test_the_steps_of_epochs_are_those_of_the_plan(tmp_path, text_file, settings):

    settings = [setting for setting in settings if setting.split("=")[0] in known_keys()]
    config = resolve(None, [*TINY, "training.steps=null", "training.epochs=0.7", *settings]).config
    run = api.start(api.plan([str(text_file)], config), tmp_path / "run")
    list(run.events())
    found = summarise(tmp_path / "run")
    assert (found.step, found.steps, found.state) == (run.plan.steps, run.plan.steps, "finished")
    if config.data.boundary is None:
        assert planned_steps(run.plan.config, len(run.plan.corpus.ids)) == run.plan.steps
        assert planned_steps(run.plan.config, 1) is None
    else:
        assert planned_steps(run.plan.config, len(run.plan.corpus.ids)) is None


def test_the_name_of_a_text_is_short():
    assert text_name([]) == ""
    assert text_name(["-"]) == "standard input"
    assert text_name(["builtin:harbour"]) == "builtin:harbour"
    assert text_name(["/home/june/letters/"]) == "letters"
    assert text_name(["/"]) == "/"


def test_hundreds_of_runs_are_read_by_their_headers_alone(tiny_run, tmp_path, monkeypatch):
    from charrnn.runs.storage.safetensors_file import SafetensorsReader

    def refuse(_):
        raise AssertionError("a tensor was read")

    monkeypatch.setattr(SafetensorsReader, "read", refuse)
    assert list_runs(tmp_path)[0].state == "finished"


def test_a_run_with_a_rolled_back_log_is_no_further_than_its_checkpoint(tmp_path, text_file):
    trained(tmp_path / "run", text_file)
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"event": "step", "step": 99, "epoch": 1.0}\n')
    assert summarise(tmp_path / "run").step == 20
