"""A run directory has one writer, and a lock whose holder died can be taken."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from charrnn import api
from charrnn.errors import OptionError, RunError
from charrnn.system.files import lock as module
from charrnn.system.files.lock import LOCK, Lock
from charrnn.system.platform_features import STOP
from charrnn.training.events import Stepped

WITHOUT_POSIX = Path(__file__).parents[2] / "support" / "without_posix"
HOLD = "import sys, time; from pathlib import Path; from charrnn.system.files.lock import Lock; lock = Lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(100)"


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of tmp_path."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_learns_which_process_holds_it(tmp_path, holder):
    for _ in range(2):  # asking does not disturb what it says
        with pytest.raises(
            RunError, match=rf"another training is writing there: process {holder.pid}, since .*: {STOP} {holder.pid}$"
        ):
            Lock(tmp_path)


def test_the_lock_of_a_process_that_was_killed_is_taken_over(tmp_path, holder):
    holder.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    holder.wait()
    taken = Lock(tmp_path)
    assert str(os.getpid()) in (tmp_path / LOCK).read_text("utf-8")
    taken.release()


def test_a_released_lock_can_be_taken_and_its_file_stays_empty(tmp_path):
    first = Lock(tmp_path)
    assert str(os.getpid()) in (tmp_path / LOCK).read_text("utf-8")
    first.release()
    first.release()
    assert (tmp_path / LOCK).read_text("utf-8") == ""
    Lock(tmp_path).release()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff" * 5000])
def test_a_holder_that_does_not_say_who_it_is(tmp_path, content, monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    held = Lock(tmp_path)
    (tmp_path / LOCK).write_bytes(content)
    with pytest.raises(RunError, match="a process that has not recorded its id"):
        Lock(tmp_path)
    held.release()


def test_a_file_system_without_locks_is_noted(tmp_path, monkeypatch):
    def unsupported(file):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(module, "_seize", unsupported)
    lock = Lock(tmp_path)
    assert "cannot be locked here (Operation not supported); make sure" in lock.note
    lock.release()


def test_a_training_holds_its_directory_from_start_to_end(tmp_path, text_file, tiny_config):
    plan = api.plan([str(text_file)], tiny_config)
    run = api.start(plan, tmp_path / "run")
    for event in run.events():
        if isinstance(event, Stepped) and event.step in (1, 15):
            for again in (lambda: api.start(plan, tmp_path / "run"), lambda: api.resume(tmp_path / "run")):
                with pytest.raises(RunError, match=f"process {os.getpid()}|already holds a run"):
                    again()
    list(api.resume(tmp_path / "run", steps=25).events())


def test_a_resume_that_is_refused_lets_the_directory_go(tiny_run):
    for _ in range(2):
        with pytest.raises(OptionError, match="already at step"):
            api.resume(tiny_run, steps=5)


def test_a_disk_that_takes_nothing_any_more_hides_no_other_error(tmp_path, monkeypatch):
    lock = Lock(tmp_path)
    monkeypatch.setattr(
        module, "append", lambda file, data: (_ for _ in ()).throw(OSError(30, "Read-only file system"))
    )
    lock.release()
    monkeypatch.undo()
    again = Lock(tmp_path)
    assert str(os.getpid()) in (tmp_path / LOCK).read_text("utf-8")
    again.release()


def test_a_holder_gets_a_moment_to_say_who_it_is_or_to_let_go(tmp_path, holder):
    content = (tmp_path / LOCK).read_text("utf-8")
    (tmp_path / LOCK).write_text("", "utf-8")
    writer = threading.Timer(0.2, lambda: (tmp_path / LOCK).write_text(content, "utf-8"))
    writer.start()
    with pytest.raises(RunError, match=f"process {holder.pid}, since"):
        Lock(tmp_path)
    writer.join()
    (tmp_path / LOCK).write_text("", "utf-8")
    threading.Timer(0.2, holder.kill).start()
    Lock(tmp_path).release()


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be removed")
def test_a_directory_stays_locked_after_removal_of_the_file_or_a_rename(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    (tmp_path / "run").mkdir()
    held = Lock(tmp_path / "run")
    (tmp_path / "run" / LOCK).unlink()
    with pytest.raises(RunError, match="another training is writing there"):
        Lock(tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "renamed")
    with pytest.raises(RunError, match="another training is writing there"):
        Lock(tmp_path / "renamed")
    (tmp_path / "run").mkdir()
    Lock(tmp_path / "run").release()
    held.release()
    Lock(tmp_path / "renamed").release()


@pytest.mark.parametrize("content", ["precious", '{"name": "charrnn", "lockfileVersion": 3}', "{}"])
def test_a_file_with_the_lock_s_name_that_is_not_a_lock_is_left_alone(tmp_path, content):
    (tmp_path / LOCK).write_text(content, "utf-8")
    refusals = []
    for _ in range(2):  # what was refused first holds nothing, though its error is kept
        with pytest.raises(RunError, match="lock: not a lock of charrnn, and would be overwritten") as refusal:
            Lock(tmp_path)
        refusals.append(refusal)
    assert (tmp_path / LOCK).read_text("utf-8") == content


@pytest.mark.parametrize("content", [b"", b"\0" * 50, b'{"pi', b'{"pid": 1, "ho'])
def test_a_lock_left_by_a_power_cut_is_taken_over(tmp_path, content):
    (tmp_path / LOCK).write_bytes(content)
    Lock(tmp_path).release()
    assert (tmp_path / LOCK).read_bytes() == b""


def held_by_windows(run, code="print('taken', flush=True); sys.stdin.read()"):
    """A process that takes a lock where there is no flock but msvcrt.locking, which really excludes others."""
    program = f"""
import sys
from pathlib import Path
from charrnn.errors import RunError
from charrnn.system.files.lock import Lock
try:
    lock = Lock(Path(sys.argv[1]))
except RunError as error:
    print(error, flush=True)
else:
    {code}
"""
    environment = {**os.environ, "PYTHONPATH": str(WITHOUT_POSIX)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", program, str(run)], env=environment, **pipes)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="here msvcrt itself is tested by all other tests")
def test_without_flock_another_process_is_refused_by_the_same_sentence_and_a_killed_one_lets_go(tmp_path):
    with held_by_windows(tmp_path) as first:
        assert first.stdout.readline() == "taken\n"
        with held_by_windows(tmp_path) as second:
            refusal = second.communicate()[0]
        expected = (
            rf"{tmp_path}: another training is writing there: process {first.pid}, since .*; wait until it ends, or"
        )
        assert re.match(expected + rf" stop it: taskkill /f /pid {first.pid}\n$", refusal)
        first.kill()
    with held_by_windows(tmp_path, "lock.release(); print(Lock(Path(sys.argv[1])).note)") as third:
        assert third.communicate()[0] == "None\n"
