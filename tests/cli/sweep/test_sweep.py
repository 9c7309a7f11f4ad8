"""`charrnn sweep`: real trainings, each a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from links import needs_links
from refusals import refused

from charrnn import api
from charrnn.cli.sweep.run_sweep import SUPERVISED
from charrnn.config.resolve import resolve
from charrnn.runs.storage.checkpoint import load
from charrnn.runs.storage.directory import BEST, LAST
from charrnn.sweeps import jobs
from charrnn.sweeps.grid import parse_axes, trials
from charrnn.sweeps.jobs import Job, JobResult, StopSignal, make_jobs, run_job, run_job_on_rank
from charrnn.sweeps.sweep import make
from charrnn.system.files.folder_handle import Folder
from charrnn.system.platform_features import CAN_HOLD_FOLDERS
from charrnn.system.shell import shell_word

RATES = ["--grid", "training.learning_rate=1e-3,1e-2"]
WILD = ["-s", "model.nonlinearity=relu", "-s", "training.max_grad_norm=null", "-s", "training.recoveries=0"]
LONG = ["--steps", "1000000"]
YAML = """
model: {hidden_size: 8}
training: {batch_size: 4, sequence_length: 8, steps: 20, eval_every: 10, save_every: 10}
"""


@pytest.fixture
def tiny_yaml(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(YAML, "utf-8")
    return path


@pytest.fixture
def sweep(charrnn, tiny_yaml, text_file):
    """Run a sweep here: `sweep("-o", "s")`."""
    return lambda *arguments: charrnn("sweep", tiny_yaml, text_file, *arguments)


@pytest.fixture
def begun(tiny_yaml, text_file, tmp_path):
    """Begin a sweep of two long trainings in a process of its own, and wait until both train."""
    processes = []

    def begin(*arguments):
        command = [sys.executable, "-m", "charrnn", "sweep", str(tiny_yaml), str(text_file), *RATES, *LONG]
        command += ["-s", "training.eval_every=50", "-s", "training.save_every=50", "--jobs", "2", *arguments]
        process = subprocess.Popen(
            [*command, "-o", "s"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", cwd=tmp_path,
        )  # fmt: skip
        processes.append(process)
        wait_for(lambda: len(list(tmp_path.glob(f"s/*/{BEST}"))) == 2)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.05)


def trains(run):
    """The process that trains there, or None."""
    text = (run / "lock").read_text("utf-8")
    return json.loads(text)["pid"] if text else None


def test_a_sweep_makes_every_training_and_prints_the_best(sweep, charrnn, text_file, tiny_yaml):
    result = sweep(*RATES, "--grid", "model.cell=gru", "--seed", "5")
    assert result.exit_code == 0, result.stderr
    runs = sorted(Path("runs/text-sweep").glob("*/" + BEST))
    assert len(runs) == 2
    losses = {run.parent: load(run).progress.best_loss for run in runs}
    assert result.stdout == f"{min(losses, key=losses.get)}\n"
    assert "2 trainings, " in result.stderr
    table = re.findall(r"│ (\d) +│ (\S+) +│ (\S+) +│ (\S+)", result.stderr)
    assert [row[0] for row in table] == ["1", "2"]
    assert [float(row[3]) for row in table] == [round(loss, 4) for loss in sorted(losses.values())]

    alone = charrnn(
        "train", text_file, "-c", tiny_yaml, "-s", "training.learning_rate=1e-2", "-s", "model.cell=gru",
        "-s", "runtime.threads=1", "--seed", "5", "-q", "-o", "alone",
    )  # fmt: skip
    assert alone.exit_code == 0
    there = load(Path("runs/text-sweep/learning_rate=0.01,cell=gru", LAST))
    assert (there.network.parameters.flat == load(Path("alone", LAST)).network.parameters.flat).all()
    assert there.config == load(Path("alone", LAST)).config


@pytest.mark.slow
def test_networks_with_and_without_biases_are_compared(sweep):
    result = sweep("--grid", "model.bias=true,false", "-o", "s")
    assert result.exit_code == 0, result.stderr
    for name, has_biases in (("bias=true", True), ("bias=false", False)):
        found = load(Path("s", name, LAST))
        assert found.config.model.bias is has_biases
        assert found.network.parameters["b_y"].any() == has_biases
        assert re.search(rf"│ \d +│ {name.removeprefix('bias=')} +│ ", result.stderr)


@pytest.mark.slow
def test_json_is_the_table_and_nothing_else(sweep):
    result = sweep("--grid", "model.hidden_size=4..64", "--random", "2", "--json", "-q", "-o", "s")
    assert result.stderr == ""
    rows = json.loads(result.stdout)
    assert [row["rank"] for row in rows] == [1, 2]
    losses = [row["best_loss"] for row in rows]
    assert losses == sorted(losses)
    for row in rows:
        found = api.load(row["run"]).saved
        assert (row["values"], row["state"]) == ({"model.hidden_size": found.config.model.hidden_size}, "done")
        assert (row["best_loss"], row["step"]) == (found.progress.best_loss, found.progress.step)
        assert row["seconds"] > 0


def test_a_training_begins_with_the_configuration_of_its_point_for_the_time_that_was_asked(text_file, tmp_path):
    found = trials(parse_axes(["model.hidden_size=8,9"]), None, [], {}, None, 0)
    first, second = make_jobs(make(found, [str(text_file)], 90.0), SUPERVISED)
    assert first.arguments == second.arguments == [str(text_file), "--time", "90.0s"]
    (tmp_path / "second.yaml").write_text(second.yaml, "utf-8")
    assert resolve(str(tmp_path / "second.yaml")).config == found[1].config


@pytest.mark.slow
def test_a_sweep_of_the_default_configuration_is_sized_for_its_text(charrnn, text_file):
    result = charrnn("sweep", "default", text_file, "--grid", "model.hidden_size=4,8", "--steps", "2", "-q", "-o", "s")
    assert result.exit_code == 0, result.stderr
    for hidden_size in (4, 8):
        model = load(Path(f"s/hidden_size={hidden_size}", LAST)).config.model
        assert (model.cell, model.hidden_size, model.dropout) == ("gru", hidden_size, 0.4)


@pytest.mark.slow
def test_a_failed_training_is_a_row_and_the_others_continue(sweep):
    result = sweep("--grid", "training.learning_rate=1000,1e-3", *WILD, "--jobs", "1", "--json", "-o", "s")
    assert result.exit_code == 1
    assert "error: 1 of 2 trainings failed, learning_rate=1000.0 first: see s/logs" in result.stderr
    rows = json.loads(result.stdout)
    assert [row["state"] for row in rows] == ["done", "diverged"]
    assert rows[1]["error"].startswith("training diverged at step ")
    assert rows[1]["rank"] is None
    assert "error: training diverged" in Path("s/logs/learning_rate=1000.0.log").read_text("utf-8")


@pytest.mark.slow
def test_the_same_command_runs_only_missing_trainings(sweep):
    sweep(*RATES, "-o", "s")
    kept, lost = Path("s/learning_rate=0.001"), Path("s/learning_rate=0.01")
    before, weights = (kept / LAST).stat().st_mtime_ns, load(lost / LAST).network.parameters.flat
    lost.rename("elsewhere")
    lost.mkdir()
    (lost / "notes.txt").touch()
    taken = sweep(*RATES, "-o", "s")
    assert taken.exit_code == 1
    assert taken.stdout == f"{kept}\n"
    assert f"failed: {lost.name}: not empty (it holds notes.txt)" in " ".join(taken.stderr.split())
    (lost / "notes.txt").unlink()
    assert sweep(*RATES, "-o", "s").exit_code == 0
    assert (kept / LAST).stat().st_mtime_ns == before
    assert (load(lost / LAST).network.parameters.flat == weights).all()
    refused(
        sweep(*RATES, "-o", "s", "--steps", "30"), 1, "s: holds another sweep (training.steps is 20 there, and 30 here)"
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.slow
def test_a_signal_saves_all(begun, tmp_path, number, code):
    process = begun()
    process.send_signal(number)
    out, stderr = process.communicate(timeout=30)
    assert (process.returncode, out) == (code, "")
    assert "the same command with -o s continues" in stderr
    assert "Traceback" not in stderr
    for run in tmp_path.glob("s/learning_rate=*"):
        assert 50 <= load(run / LAST).progress.step < 1_000_000
        assert trains(run) is None


@pytest.mark.slow
def test_a_reader_that_goes_away_stops_all(begun, tmp_path):
    process = begun("--grid", "training.seed=1,2")
    process.stderr.close()
    first = next(tmp_path.glob("s/*/lock"))
    os.kill(trains(first.parent), signal.SIGTERM)  # now there is something to print
    assert process.wait(30) == 141
    for run in tmp_path.glob("s/learning_rate=*"):
        assert load(run / LAST).progress.step >= 50
        assert trains(run) is None


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
@pytest.mark.slow
def test_trainings_of_a_sweep_that_was_killed_save_and_the_same_command_goes_on(begun, tmp_path):
    begun().kill()
    runs = sorted(tmp_path.glob("s/learning_rate=*"))
    wait_for(lambda: [trains(run) for run in runs] == [None, None])
    for run in runs:
        assert json.loads((run / "metrics.jsonl").read_text("utf-8").splitlines()[-2])["reason"] == "stopped"
    steps = [load(run / LAST).progress.step for run in runs]
    begun()
    wait_for(lambda: all(load(run / LAST).progress.step > step for run, step in zip(runs, steps, strict=True)))


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
@pytest.mark.parametrize("by", ["the system", "a second Ctrl-C"])
@pytest.mark.slow
def test_a_training_that_is_killed_has_failed_and_says_how(tmp_path, text_file, by, monkeypatch):
    monkeypatch.setenv("PMI_RANK", "1")  # a launcher's, which is none of its business
    job, run = Job("r", YAML, [str(text_file), *LONG], SUPERVISED), tmp_path / "r"
    stop_signal, ended = StopSignal(lambda: False), []
    thread = threading.Thread(target=lambda: ended.append(run_job(job, Folder(tmp_path), stop_signal)))
    thread.start()
    wait_for((run / LAST).exists)
    if os.path.isdir("/proc/self"):
        assert b"PMI_RANK" not in Path(f"/proc/{trains(run)}/environ").read_bytes()
    if by == "the system":
        os.kill(trains(run), signal.SIGKILL)
    else:
        stop_signal.end.set()
    thread.join(10)
    assert ended == [JobResult("failed", "ended by signal 9; possibly out of memory")]


def test_waiting_trainings_do_not_start_after_a_stop(tmp_path):
    stop_signal = StopSignal(lambda: True)
    assert run_job(Job("r", "", [], SUPERVISED), Folder(tmp_path), stop_signal) == JobResult("waiting")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not CAN_HOLD_FOLDERS, reason="a directory with an open file cannot be renamed here")
@pytest.mark.slow
def test_a_sweep_whose_directory_is_renamed_goes_on_there(tmp_path, text_file):
    (tmp_path / "s").mkdir()
    stop_signal = StopSignal(lambda: False)
    with Folder(tmp_path / "s") as folder:
        assert run_job(Job("one", YAML, [str(text_file)], SUPERVISED), folder, stop_signal) == JobResult("done")
        (tmp_path / "s").rename(tmp_path / "moved")
        (tmp_path / "s").mkdir()
        for _ in range(2):  # begun, and found done
            assert run_job(Job("two", YAML, [str(text_file)], SUPERVISED), folder, stop_signal) == JobResult("done")
    assert os.listdir(tmp_path / "s") == []
    assert sorted(os.listdir(tmp_path / "moved")) == ["configs", "logs", "one", "two"]
    assert sorted(os.listdir(tmp_path / "moved" / "logs")) == ["one.log", "two.log"]
    assert (tmp_path / "moved" / "logs" / "two.log").read_text("utf-8").count("all steps done") == 1
    assert run_job_on_rank(Job("three", "", [], SUPERVISED), tmp_path / "s", folder.inode) == JobResult(
        "failed", f"{tmp_path / 's'}: not the directory in which this sweep started; was that renamed?"
    )


@pytest.mark.skipif(not CAN_HOLD_FOLDERS, reason="a directory with an open file cannot be renamed here")
@pytest.mark.slow
def test_a_training_whose_directory_is_renamed_while_it_runs_is_not_called_done(tmp_path, text_file, monkeypatch):
    """Its losses cannot be compared, and another would be called the best."""
    run = jobs._run

    def run_and_rename(*given):
        code = run(*given)
        (tmp_path / "r").rename(tmp_path / "the-best")
        return code

    monkeypatch.setattr(jobs, "_run", run_and_rename)
    with Folder(tmp_path) as folder:
        ended = run_job(Job("r", YAML, [str(text_file)], SUPERVISED), folder, StopSignal(lambda: False))
    assert ended.state == "failed"
    assert ended.error == f"{tmp_path / 'r'}: was renamed or removed, so that its result is missing"


def test_variables_that_name_a_folder_from_here_name_it_from_elsewhere(tmp_path, text_file, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHARRNN_CACHE_DIR", "cache")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["lib", os.path.abspath("/usr/lib")]))
    found = jobs._environment()
    assert found["CHARRNN_CACHE_DIR"] == str(tmp_path / "cache")
    assert found["PYTHONPATH"].split(os.pathsep)[1:] == [str(tmp_path / "lib"), os.path.abspath("/usr/lib")]


@needs_links
@pytest.mark.slow
def test_no_link_in_the_directory_is_followed(tmp_path, text_file):
    victim, elsewhere = tmp_path / "victim", tmp_path / "elsewhere"
    victim.write_text("years of work", "utf-8")
    for folder in (elsewhere, tmp_path / "s", tmp_path / "s" / "logs", tmp_path / "s" / "configs"):
        folder.mkdir()

    def made(name):
        with Folder(tmp_path / "s") as folder:
            return run_job(Job(name, YAML, [str(text_file)], SUPERVISED), folder, StopSignal(lambda: False))

    refusal = "is a link, and links are not followed here"
    (tmp_path / "s" / "one").symlink_to(elsewhere)
    assert made("one") == JobResult("failed", f"{tmp_path}/s/one: one {refusal}")
    (tmp_path / "s" / "logs" / "two.log").symlink_to(victim)
    assert made("two") == JobResult("failed", f"{tmp_path}/s/logs/two.log: two.log {refusal}")
    (tmp_path / "s" / "configs" / "three.yaml").symlink_to(victim)
    assert made("three") == JobResult("done")  # the link itself was replaced
    assert (tmp_path / "s" / "configs" / "three.yaml").read_text("utf-8") == YAML
    assert victim.read_text("utf-8") == "years of work"
    assert os.listdir(elsewhere) == []


def test_nothing_is_added_to_a_folder_whose_record_is_of_something_else(sweep):
    Path("project").mkdir()
    Path("project", "sweep.json").write_text("{}", "utf-8")
    refused(sweep(*RATES, "-o", "project"), 1, "project: holds another sweep")
    assert os.listdir("project") == ["sweep.json"]


linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "nothing varies; add for example --grid"),
        (["--time", "soon"], 2, "nothing varies; add for example --grid"),
        (
            ["-s", "training.steps=20,40"],
            2,
            f"nothing varies; did you mean --grid {shell_word('training.steps=20,40')}?",
        ),
        (["-s", "data.split=[0.8,0.1,0.1]"], 2, "nothing varies; add for example --grid"),
        (["--grid", ""], 1, "--grid : must be KEY=A,B,C"),
        (["--grid", "model.hidden_size="], 1, "no value"),
        (["--grid", "model.hiden_size=1"], 1, "did you mean model.hidden_size?"),
        (["--grid", "model.hidden_size=8,0"], 1, "found 0"),
        (["--grid", "model.hidden_size=8", "--grid", "model.hidden_size=9"], 1, "given twice"),
        (["--grid", "model.hidden_size=8..9"], 1, "--random N"),
        (["--grid", "training.steps=8,9", "--epochs", "1"], 2, "--grid training.steps already says how long to train"),
        ([*RATES, "--steps", "3", "--time", "3s"], 2, "give one of --steps, --epochs and --time"),
        ([*RATES, "--steps", "0"], 1, "--steps 0: must be a whole number above 0"),
        ([*RATES, "--time", "soon"], 1, "--time soon: must be a time above 0"),
        ([*RATES, "--random", "0"], 2, "--random"),
        ([*RATES, "--jobs", "0"], 2, "--jobs"),
        ([*RATES, "--seed", "-1"], 1, "--seed -1: must be a whole number of at least 0"),
        ([*RATES, "nothing.txt"], 1, "nothing.txt: no such file"),
        ([*RATES, "-"], 1, "-: standard input can be read only once"),
        pytest.param([*RATES, "-o", "/proc/charrnn"], 1, "/proc/charrnn: cannot be", marks=linux),
    ],
)
def test_invalid_sweeps_are_refused_before_anything_is_trained(sweep, arguments, code, words):
    refused(sweep(*arguments), code, words)
    assert os.listdir() == []


def test_a_configuration_that_is_not_there_is_refused(charrnn):
    refused(charrnn("sweep", "nonsense", *RATES), 1, "nonsense: no such file, and no configuration of that name")
    refused(charrnn("sweep"), 2, "nothing varies")
    refused(charrnn("sweep", "default", "nothing.txt", *RATES), 1, "nothing.txt: no such file")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_refused(sweep, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    refused(sweep(*RATES, "-o", tmp_path / "locked" / "s"), 1, "cannot be written", "Permission denied")


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal needs POSIX")
@pytest.mark.slow
def test_a_terminal_shows_the_trainings_that_run_and_is_left_as_it_was(tiny_yaml, text_file, tmp_path):
    pexpect = pytest.importorskip("pexpect")
    command = ["-m", "charrnn", "sweep", str(tiny_yaml), str(text_file), *RATES, *LONG, "--jobs", "1"]
    child = pexpect.spawn(
        sys.executable, command, encoding="utf-8", timeout=30, dimensions=(30, 100), cwd=str(tmp_path),
        env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    child.expect("learning_rate=0.001 · begins")
    child.expect(r"learning_rate=0.001 · \d+ s · step [\d,]+")
    child.expect("0 of 2 ended, 1 running")
    child.sendintr()
    child.expect("stopped after 0 of 2")
    assert "failed" not in child.before
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert child.before.rfind("\x1b[?25h") >= child.before.rfind("\x1b[?25l")
