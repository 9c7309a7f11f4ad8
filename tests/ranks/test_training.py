"""Several ranks train the very network that one process trains."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from slow import mostly_exhaustive

from charrnn.runs.storage import safetensors_file
from charrnn.runs.storage.checkpoint import load

pytestmark = pytest.mark.ranks
HERE = Path(__file__).parent
SETTINGS = [
    "model.hidden_size=16",
    "model.dropout=0.1",
    "model.weight_dropout=0.1",
    "training.ema_decay=0.9",
    "training.batch_size=12",
    "training.sequence_length=8",
    "training.eval_every=10",
    "training.save_every=10",
    "training.precision=float64",
    "runtime.threads=1",
]
OPTIONS = [part for setting in SETTINGS for part in ("-s", setting)]
TOLERANCES = {"float32": 1e-6, "float64": 1e-12}


def alone(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "charrnn", *map(str, arguments)], capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done


def last(run):
    return load(run / "last.safetensors")


def evaluations(run):
    lines = map(json.loads, (run / "metrics.jsonl").read_text("utf-8").splitlines())
    return [line["loss"] for line in lines if line["event"] == "eval"]


@mostly_exhaustive("ranks", [3, 2], one_in=2)
def test_the_gradient_of_all_ranks_is_that_of_one_process(mpiexec, text, ranks):
    settings = [setting for setting in SETTINGS if "precision" not in setting]
    done = mpiexec(ranks, "python", HERE / "gradients.py", text, *settings)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["size"] == ranks
    assert found["same"], "all ranks have the same bytes"
    assert len(found["errors"]) == 3 * 2 * 8
    for kind, (gradient, loss, state, scale) in found["errors"].items():
        tolerance = TOLERANCES[kind.split()[1]]
        assert max(gradient, loss, state) < tolerance, kind
        assert scale > 1e-3, kind


@pytest.fixture(scope="module")
def one(text, tmp_path_factory):
    """A run of 30 steps by one process."""
    folder = tmp_path_factory.mktemp("one") / "run"
    alone("train", text, "-o", folder, *OPTIONS, "--steps", 30, "-q")
    return folder


@mostly_exhaustive("ranks", [3, 2], one_in=2)
def test_all_ranks_learn_what_one_process_learns(mpiexec, text, one, tmp_path, ranks):
    run = tmp_path / "run"
    done = mpiexec(ranks, "charrnn", "train", text, "-o", run, *OPTIONS, "--steps", 30)
    assert (done.returncode, done.stdout) == (0, f"{run}\n"), done.stderr
    assert f"{ranks} ranks of 1 core each" in done.stderr
    assert done.stderr.count("all steps done") == 1, "one rank prints"
    np.testing.assert_allclose(last(run).network.parameters.flat, last(one).network.parameters.flat, rtol=0, atol=1e-11)
    np.testing.assert_allclose(last(run).state, last(one).state, rtol=0, atol=1e-11)
    assert evaluations(run) == pytest.approx(evaluations(one), abs=1e-12)
    assert sorted(path.name for path in run.iterdir()) == sorted(path.name for path in one.iterdir())


def test_ranks_hold_biases_at_0(mpiexec, text, tmp_path):
    run = tmp_path / "run"
    held = [*OPTIONS, "-s", "model.bias=false", "-s", "model.cell=gru", "-q"]
    assert mpiexec(2, "charrnn", "train", text, "-o", run, *held, "--steps", 10).returncode == 0
    for name, view in last(run).network.parameters.items():
        assert view.any() == name.startswith("W"), name


def test_a_run_goes_on_with_any_number_of_ranks(mpiexec, text, one, tmp_path):
    run = tmp_path / "run"
    config = [*OPTIONS, "-s", "training.schedule=constant", "-q"]
    reference = tmp_path / "reference"
    alone("train", text, "-o", reference, *config, "--steps", 30)
    assert mpiexec(2, "charrnn", "train", text, "-o", run, *config, "--steps", 10).returncode == 0
    assert mpiexec(3, "charrnn", "train", "--resume", run, "--steps", 20, "-q").returncode == 0
    stderr = alone("train", "--resume", run, "--steps", 30).stderr
    assert "it was trained with ranks 3, now 1: it may not end with the same bytes" in stderr
    np.testing.assert_allclose(
        last(run).network.parameters.flat, last(reference).network.parameters.flat, rtol=0, atol=1e-11
    )
    assert evaluations(run) == pytest.approx(evaluations(reference), abs=1e-11)


def test_as_many_ranks_go_on_to_the_same_bytes(mpiexec, text, tmp_path):
    config = [*OPTIONS, "-s", "training.schedule=constant", "-q"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert mpiexec(2, "charrnn", "train", text, "-o", whole, *config, "--steps", 30).returncode == 0
    assert mpiexec(2, "charrnn", "train", text, "-o", parts, *config, "--steps", 15).returncode == 0
    assert mpiexec(2, "charrnn", "train", "--resume", parts, "--steps", 30, "-q").returncode == 0
    assert (whole / "last.safetensors").read_bytes() == (parts / "last.safetensors").read_bytes()


LONG = ["--steps", "1000000", "-s", "training.sample_every=0", "-s", "training.eval_every=200"]


def begun(mpiexec, text, run, ranks=2):
    """A training that has been validated once."""
    process = mpiexec(ranks, "charrnn", "train", text, "-o", run, *OPTIONS, *LONG, wait=False)
    while "validation loss" not in (line := process.stderr.readline()):
        assert line, "it has ended"
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_mpiexec_saves_once_and_ends_all_ranks(mpiexec, text, tmp_path, number, code):
    run = tmp_path / "run"
    process = begun(mpiexec, text, run)
    process.send_signal(number)
    out, stderr = process.communicate(timeout=30)
    assert process.returncode == code
    assert out.endswith(f"{run}\n")  # mpiexec says something before
    assert stderr.count("stopped; checkpoint saved") == 1
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    step = lines[-2]["step"]
    assert [line["event"] for line in lines[-2:]] == ["finished", "saved"]
    assert last(run).progress.step == step >= 200


def stopping(after):
    """Code that lets rank 1 alone see a signal, after it has polled for one `after` times."""
    return f"""
    from charrnn.system import signals
    calls = []
    def is_set(self):
        calls.append(1)
        if len(calls) > {after}:
            self.signal = 15
        return self.signal is not None
    signals.StopRequest.is_set = is_set
"""


@mostly_exhaustive(("after", "every"), [(12, 1000), (13, 10), (12, 10)], ids=["steps", "in it", "evaluation"], one_in=2)
def test_a_signal_that_one_rank_gets_stops_all(mpiexec, text, tmp_path, after, every):
    arguments = ["train", text, "-o", tmp_path / "run", *OPTIONS, "--steps", 1000, "-s", f"training.eval_every={every}"]
    done = mpiexec(2, "python", "-c", of_one_rank(1, stopping(after)), *arguments)
    assert (done.returncode, done.stdout) == (143, f"{tmp_path / 'run'}\n")
    assert done.stderr.count("stopped; checkpoint saved") == 1
    assert last(tmp_path / "run").progress.step < 20


def test_a_time_is_for_all_ranks(mpiexec, text, tmp_path):
    began = time.monotonic()
    done = mpiexec(2, "charrnn", "train", text, "-o", tmp_path / "run", *OPTIONS, "--time", "2s")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 20
    steps = int(re.search(r"2 s is time for ([\d,]+) steps here", done.stderr)[1].replace(",", ""))
    assert last(tmp_path / "run").progress.step == steps > 1


@mostly_exhaustive(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], one_in=2)
def test_a_signal_while_a_time_is_measured_leaves_nothing(mpiexec, text, tmp_path, number, code, monkeypatch):
    run, temporary = tmp_path / "run", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    arguments = ["charrnn", "train", text, "-o", run, *OPTIONS, "--time", "1h"]
    process = mpiexec(2, *arguments, wait=False)
    deadline = time.monotonic() + 60
    while not list(temporary.glob("charrnn-measuring-*")):
        assert time.monotonic() < deadline, "it measures in a folder of its own"
        time.sleep(0.05)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == code, stderr
    assert "Traceback" not in stderr
    assert not run.exists()
    assert are_gone(run)


def ranks_of(run):
    """The process ids of the ranks that train there."""
    found = subprocess.run(
        ["pgrep", "-f", f"^{sys.executable} -m charrnn train .*{run}"], capture_output=True, encoding="utf-8"
    )
    return [int(pid) for pid in found.stdout.split()]


def are_gone(run, seconds=10):
    """Whether its ranks end soon: mpiexec does not wait for their exit."""
    end = time.monotonic() + seconds
    while ranks_of(run) and time.monotonic() < end:
        time.sleep(0.05)
    return not ranks_of(run)


@mostly_exhaustive("which", [-1, 0], one_in=2)
def test_a_rank_that_is_killed_ends_the_job_and_the_run_goes_on(mpiexec, text, tmp_path, which):
    run = tmp_path / "run"
    process = begun(mpiexec, text, run)
    ids = ranks_of(run)
    assert len(ids) == 2
    began = time.monotonic()
    subprocess.run(["kill", "-KILL", str(ids[which])], check=True)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert time.monotonic() - began < 30
    assert are_gone(run)
    step = last(run).progress.step
    assert mpiexec(2, "charrnn", "train", "--resume", run, "--steps", step + 5, "-q").returncode == 0


def test_streams_that_cannot_be_divided_are_refused_with_the_nearest_that_can(mpiexec, text, tmp_path):
    done = mpiexec(5, "charrnn", "train", text, "-o", tmp_path / "run", *OPTIONS)
    message = "12 streams cannot be divided evenly among 5 ranks; use --set training.batch_size=10 or 15"
    assert (done.returncode, done.stderr) == (1, f"error: {message}\n")
    done = mpiexec(3, "charrnn", "train", text, "-o", tmp_path / "run", *OPTIONS, "-s", "training.batch_size=2")
    assert done.stderr == "error: 2 streams cannot be divided evenly among 3 ranks; use --set training.batch_size=3\n"
    assert not (tmp_path / "run").exists()


def differing(mpiexec, run, first, second):
    """The error of two ranks that were started differently."""
    common = ["-o", run, *OPTIONS, "--steps", 5]
    program = [sys.executable, "-m", "charrnn", "train"]
    return mpiexec(1, *program, *first, *common, ":", "-n", 1, *program, *second, *common)


def test_a_rank_with_another_text_is_refused_before_the_first_step(mpiexec, text, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text(text.read_text("utf-8").replace("cat", "dog", 1), "utf-8")
    done = differing(mpiexec, tmp_path / "run", [text], [other])
    assert done.returncode == 1
    assert re.fullmatch(r"error: rank 1 differs from rank 0: the text's SHA-256 is \w{64}, not \w{64}\n", done.stderr)
    assert not (tmp_path / "run").exists()


def test_a_rank_with_another_configuration_is_refused(mpiexec, text, tmp_path):
    done = differing(mpiexec, tmp_path / "run", [text], [text, "--seed", 7])
    assert done.stderr == "error: rank 1 differs from rank 0: training.seed is 7, not 0\n"


def test_a_rank_with_another_version_is_refused(mpiexec, text, tmp_path):
    program = "import charrnn, runpy; charrnn.__version__ = '9'; runpy.run_module('charrnn', run_name='__main__')"
    arguments = ["train", text, "-o", tmp_path / "run", *OPTIONS]
    done = mpiexec(1, "charrnn", *arguments, ":", "-n", 1, sys.executable, "-c", program, *arguments)
    assert re.fullmatch(r"error: rank 1 differs from rank 0: charrnn is 9, not \S+\n", done.stderr)


def test_a_rank_that_lacks_the_text_is_named(mpiexec, text, tmp_path):
    done = differing(mpiexec, tmp_path / "run", [text], [tmp_path / "none.txt"])
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: rank 1: {tmp_path / 'none.txt'}: no such file")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
@pytest.mark.parametrize("bound", [[], ["-bind-to", "core"]], ids=["free", "bound"])
def test_the_ranks_of_a_machine_share_its_cores(mpiexec, bound):
    code = "from charrnn.training.parallel.mpi import MPICommunicator; c = MPICommunicator(); n = c.all_gather(c.cores); c.rank or print(*n)"
    done = mpiexec(2, *bound, sys.executable, "-c", code)
    assert done.stdout.split() == [str(max(1, len(os.sched_getaffinity(0)) // 2))] * 2


def test_misuse_is_reported_once(mpiexec):
    done = mpiexec(2, "charrnn", "train", "--stepz", 3)
    assert done.returncode == 2
    assert done.stderr.count("error:") == 1


def test_without_mpi4py_ranks_print_what_to_install(text, tmp_path):
    program = (
        "import sys; sys.modules['mpi4py'] = None; sys.argv[0] = 'charrnn'; from charrnn.cli.app import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "train", text, "-o", tmp_path / "run", *OPTIONS],
        capture_output=True,
        encoding="utf-8",
        env={"PMI_RANK": "0", "PMI_SIZE": "2"},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: training with several ranks needs mpi4py and an MPI: ")
    assert "[mpi]" in done.stderr  # as charrnn was installed: see system/test_optional_libraries.py


def test_ranks_that_do_not_know_of_each_other_are_refused(text, tmp_path):
    """srun without MPI support: each rank would train alone and write the same run."""
    pytest.importorskip("mpi4py", reason="needs mpi4py, which is not here")
    command = [sys.executable, "-m", "charrnn", "train", text, "-o", tmp_path / "run", *OPTIONS, "--steps", "5"]
    environment = {**os.environ, "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2"}
    done = subprocess.run(list(map(str, command)), capture_output=True, encoding="utf-8", env=environment)
    assert done.returncode == 1
    assert done.stderr.startswith("error: 2 ranks were started, but MPI reports 1; start them with the mpiexec")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def of_one_rank(rank, code):
    """A program that is charrnn, after some code that one rank alone runs."""
    return f"""
import sys
from charrnn.system.mpi_environment import rank_and_size
from charrnn.training import trainer
if rank_and_size()[0] == {rank}:
{code}
from charrnn.cli.app import main
main()
"""


def test_a_loss_that_is_not_finite_on_one_rank_rolls_all_ranks_back(mpiexec, text, tmp_path):
    program = of_one_rank(
        1,
        """
    from charrnn.training.parallel.replica import Replica
    run, calls = Replica.run, []
    def spoilt(self, work, *more):
        found, after = run(self, work, *more)
        calls.append(1)
        return (float("nan") if work.count and len(calls) == 8 else found), after
    Replica.run = spoilt
""",
    )
    done = mpiexec(2, "python", "-c", program, "train", text, "-o", tmp_path / "run", *OPTIONS, "--steps", 20)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert [line["diverged_step"] for line in lines if line["event"] == "recovered"] == [8]
    assert [line["event"] for line in lines[-2:]] == ["saved", "baseline"]
    assert last(tmp_path / "run").progress.step == 20


def test_a_spike_caused_by_the_text_is_accepted_on_every_rank(mpiexec, text, tmp_path):
    program = of_one_rank(
        1,
        """
    from charrnn.training.parallel.replica import Replica
    run, seen, strange = Replica.run, [], []
    def reading(self, work, *more):
        found, after = run(self, work, *more)
        if not work.per_character:
            seen.append(1)
            if len(seen) == 30:
                strange.append(work.inputs.copy())
            if strange and (work.inputs == strange[0]).all():
                found += 1e4
        return found, after
    Replica.run = reading
""",
    )
    done = mpiexec(2, "python", "-c", program, "train", text, "-o", tmp_path / "run", *OPTIONS, "--steps", 40)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert max(line["loss"] for line in lines if line["event"] == "step") > 50
    assert not [line for line in lines if line["event"] == "recovered"]


def test_the_batch_of_all_ranks_at_divergence_is_in_one_file(mpiexec, text, tmp_path):
    settings = [
        "training.learning_rate=1000",
        "training.max_grad_norm=null",
        "model.cell=rnn",
        "model.nonlinearity=relu",
        "training.recoveries=0",
    ]
    more = [*(part for setting in settings for part in ("-s", setting)), "-s", "training.optimizer=sgd", "-q"]
    files = []
    for ranks in (1, 2):
        run = tmp_path / str(ranks)
        assert mpiexec(ranks, "charrnn", "train", text, "-o", run, *OPTIONS, *more).returncode == 1
        with (run / "diverged.safetensors").open("rb") as file:
            files.append(safetensors_file.SafetensorsReader(file).read())
    assert files[0]["inputs"].shape == (8, 12)
    for name in ("inputs", "targets", "begins", "state"):
        np.testing.assert_allclose(files[0][name], files[1][name], rtol=1e-9, err_msg=name)


def test_a_rank_that_fails_by_itself_says_why_and_ends_all(mpiexec, text, tmp_path):
    program = of_one_rank(
        1,
        """
    step = trainer.Trainer.step
    def failing(self, split):
        if self.progress.step == 5:
            raise MemoryError("no room")
        return step(self, split)
    trainer.Trainer.step = failing
""",
    )
    began = time.monotonic()
    done = mpiexec(2, "python", "-c", program, "train", text, "-o", tmp_path / "run", *OPTIONS, "--steps", 20)
    assert done.returncode == 1
    assert time.monotonic() - began < 30
    assert re.search(r"^error: rank 1 on \S+: MemoryError no room$", done.stderr, re.MULTILINE)
    assert last(tmp_path / "run").progress.step == 0


LIMIT = """
    import resource
    from charrnn.training.parallel.mpi import MPICommunicator  # MPI has files of its own, and opens them here
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
"""


def test_a_full_disk_of_the_writing_rank_stops_all_ranks(mpiexec, text, tmp_path):
    arguments = [
        "train",
        text,
        "-o",
        tmp_path / "run",
        *OPTIONS,
        "--steps",
        3000,
        "-q",
        "-s",
        "training.sample_every=0",
    ]
    done = mpiexec(2, "python", "-c", of_one_rank(0, LIMIT), *arguments)
    assert done.returncode == 1
    message = r"error: \S+: cannot be written: File too large; what was saved before is untouched\n"
    assert re.fullmatch(message, done.stderr)


def test_a_full_disk_of_another_rank_stops_no_rank(mpiexec, text, tmp_path):
    arguments = ["train", text, "-o", tmp_path / "run", *OPTIONS, "--steps", 400, "-q", "-s", "training.sample_every=0"]
    done = mpiexec(2, "python", "-c", of_one_rank(1, LIMIT), *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "run" / "metrics.jsonl").stat().st_size > 40_000
