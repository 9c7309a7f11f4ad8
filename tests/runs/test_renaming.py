"""The directory of a running training is renamed, replaced, emptied or removed: no training writes into another's."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from itertools import islice

import pytest
import tiny
from tiny import TINY

from charrnn import api
from charrnn.cli.progress.tensorboard import TensorBoardLog
from charrnn.config.resolve import resolve
from charrnn.errors import RunError
from charrnn.system.platform_features import CAN_HOLD_FOLDERS
from charrnn.training.events import Recovered, Stepped
from charrnn.training.parallel.data_parallel import DataParallel

pytestmark = pytest.mark.skipif(not CAN_HOLD_FOLDERS, reason="a directory with an open file cannot be renamed here")
FILES = ("last", "previous", "best")


@pytest.fixture
def start(tmp_path, text_file):
    return lambda name, *settings: tiny.start(tmp_path / name, text_file, *settings)


def until(events, step):
    """Take events until this step is made."""
    for event in events:
        if isinstance(event, Stepped) and event.step == step:
            return


def content(run):
    return {name: (run / f"{name}.safetensors").read_bytes() for name in FILES}


def logged_steps(run, name):
    events = map(json.loads, (run / "metrics.jsonl").read_text("utf-8").splitlines())
    return [event["step"] for event in events if event["event"] == name]


@pytest.mark.parametrize("at", [1, 10, 15])
def test_two_trainings_write_the_same_files_as_each_alone(start, tmp_path, at):
    for name, seed in (("one", 1), ("two", 2)):
        list(start(name, f"training.seed={seed}").events())
    first = start("x", "training.seed=1")
    events = first.events()
    until(events, at)
    (tmp_path / "x").rename(tmp_path / "y")
    second = start("x", "training.seed=2")
    others = second.events()
    list(islice(others, 13))
    list(events)
    list(others)
    assert (first.path, second.path) == (tmp_path / "y", tmp_path / "x")
    for run, alone in (("y", "one"), ("x", "two")):
        assert content(tmp_path / run) == content(tmp_path / alone)
        assert logged_steps(tmp_path / run, "step") == [*range(1, 21)]
        assert f'"path": "{tmp_path / run}/last.safetensors"' in (tmp_path / run / "metrics.jsonl").read_text("utf-8")
        assert sorted(os.listdir(tmp_path / run)) == sorted(os.listdir(tmp_path / alone))
    api.resume(tmp_path / "y", steps=30).events().close()


def test_a_diverging_training_rolls_back_to_its_own_checkpoint(start, tmp_path, monkeypatch):
    """The directory with the old name has the same configuration, and could be mistaken for the training's own."""
    measure, running = DataParallel.loss_and_gradient, []

    def planted(self, *arguments):
        loss = measure(self, *arguments)
        progress = running[-1].trainer.progress
        return math.nan if (progress.step, progress.halvings) == (15, 0) else loss

    monkeypatch.setattr(DataParallel, "loss_and_gradient", planted)
    running.append(start("alone"))
    whole = list(running[-1].events())
    assert [event.step for event in whole if isinstance(event, Recovered)] == [10]
    running.append(start("x"))
    events = running[-1].events()
    until(events, 12)
    (tmp_path / "x").rename(tmp_path / "y")
    (tmp_path / "x").mkdir()
    for name in FILES:  # those of step 20, at another rate
        shutil.copy(tmp_path / "alone" / f"{name}.safetensors", tmp_path / "x")
    assert [event.step for event in events if isinstance(event, Recovered)] == [10]
    assert content(tmp_path / "y") == content(tmp_path / "alone")


def test_a_training_that_diverges_for_good_reports_its_new_directory(start, tmp_path, monkeypatch):
    run = start("x", "training.recoveries=0")
    events = run.events()
    until(events, 12)
    (tmp_path / "x").rename(tmp_path / "y")
    (tmp_path / "x").mkdir()
    monkeypatch.setattr(DataParallel, "loss_and_gradient", lambda *_: math.nan)
    with pytest.raises(
        Exception, match=rf"{tmp_path / 'y'}/last.safetensors was saved before that.*{tmp_path / 'y'}/diverged"
    ):
        list(events)
    assert (tmp_path / "y" / "diverged.safetensors").is_file()
    assert os.listdir(tmp_path / "x") == []


def test_tensorboards_files_follow_too(start, tmp_path):
    pytest.importorskip("tensorboardX")
    run = start("x")
    events = run.events()
    until(events, 1)
    (tmp_path / "x").rename(tmp_path / "y")
    (tmp_path / "x").mkdir()
    with closing(TensorBoardLog(run.folder)) as board:
        list(map(board, events))
    assert os.listdir(tmp_path / "x") == []
    assert len(os.listdir(tmp_path / "y" / "tensorboard")) == 1


def test_a_link_that_takes_the_name_is_not_followed(start, tmp_path):
    list(start("alone").events())
    run = start("x")
    events = run.events()
    until(events, 5)
    (tmp_path / "x").rename(tmp_path / "y")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "x").symlink_to(tmp_path / "elsewhere")
    list(events)
    assert os.listdir(tmp_path / "elsewhere") == []
    assert run.path == tmp_path / "y"
    assert content(tmp_path / "y") == content(tmp_path / "alone")


def test_a_directory_that_is_removed_ends_the_training_in_one_line(start, tmp_path):
    run = start("x")
    events = run.events()
    until(events, 5)
    shutil.rmtree(tmp_path / "x")
    (tmp_path / "x").mkdir()  # another's
    with pytest.raises(RunError, match=r"x: was removed, or moved to another disk.*charrnn train --resume") as error:
        list(events)
    assert "\n" not in str(error.value)
    assert os.listdir(tmp_path / "x") == []


def test_an_emptied_directory_is_still_the_trainings_own(start, tmp_path, monkeypatch):
    monkeypatch.setattr("charrnn.system.files.lock.WAIT_SECONDS", 0.1)
    list(start("alone").events())
    events = start("x").events()
    until(events, 5)
    for path in (tmp_path / "x").iterdir():
        path.unlink()
    with pytest.raises(RunError, match="another training is writing there"):
        start("x")
    list(events)
    assert (tmp_path / "x" / "last.safetensors").read_bytes() == content(tmp_path / "alone")["last"]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="stops a process in its course")
@pytest.mark.slow
def test_two_processes_of_the_command_line(tmp_path, text_file):
    settings = (*TINY[:3], "training.steps=400", "training.eval_every=200", "training.save_every=20", TINY[-1])

    def train(out, seed):
        options = [part for setting in settings for part in ("-s", setting)]
        command = [sys.executable, "-m", "charrnn", "train", str(text_file), "-o", out, "--seed", seed, *options, "-q"]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    first = train("x", "1")
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "x" / "previous.safetensors").exists():
            assert first.poll() is None, first.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        first.send_signal(signal.SIGSTOP)
        (tmp_path / "x").rename(tmp_path / "y")
        assert train("x", "2").communicate(timeout=60) == ("x\n", "")
        first.send_signal(signal.SIGCONT)
        printed = first.communicate(timeout=60)
    finally:
        first.kill()
    assert printed in (("y\n", ""), ("x\n", ""))  # the latter where it had ended before
    for run, seed in (("y", 1), ("x", 2)):
        alone = resolve("default", [*settings, f"training.seed={seed}"]).config
        list(api.start(api.plan([str(text_file)], alone), tmp_path / f"alone{seed}").events())
        assert content(tmp_path / run) == content(tmp_path / f"alone{seed}")
