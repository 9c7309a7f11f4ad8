"""`mpiexec charrnn sweep`: rank 0 distributes the trainings, the others run them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from charrnn.runs.storage.checkpoint import load
from charrnn.runs.storage.directory import BEST, LAST

pytestmark = pytest.mark.ranks
RATES = ["--grid", "training.learning_rate=1e-3,1e-2,2e-3"]
YAML = """
model: {hidden_size: 8}
training: {batch_size: 4, sequence_length: 8, steps: 20, eval_every: 10, save_every: 10}
"""
WITHOUT_MPI = "import sys; sys.modules['mpi4py'] = None; from charrnn.cli.app import main; main()"


@pytest.fixture
def launch(tmp_path, text_file):
    """Start a sweep in three ranks: a process."""
    mpiexec = shutil.which("mpiexec", path=os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]))
    if mpiexec is None:
        pytest.skip("needs mpiexec, which is not here")
    pytest.importorskip("mpi4py", exc_type=ImportError)
    (tmp_path / "tiny.yaml").write_text(YAML, "utf-8")
    processes = []

    def start(*arguments, program=("-m", "charrnn")):
        command = [mpiexec, "-n", "3", sys.executable, *program, "sweep", "tiny.yaml", str(text_file), *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, encoding="utf-8", cwd=tmp_path,
        )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def ended(process):
    out, stderr = process.communicate(timeout=60)
    assert "Traceback" not in stderr, stderr
    return process.returncode, out, stderr


def test_the_other_ranks_make_every_training_and_the_first_alone_prints(launch, tmp_path):
    wild = ["-s", "model.nonlinearity=relu", "-s", "training.max_grad_norm=null", "-s", "training.recoveries=0"]
    code, out, stderr = ended(launch("--grid", "training.learning_rate=1e-3,1000,2e-3", *wild, "-o", "s", "--json"))
    assert code == 1
    assert stderr.count("3 trainings, 2 at once; directory s") == 1
    assert stderr.count("1 of 3 trainings failed") == 1
    rows = json.loads(out)
    assert [row["state"] for row in rows] == ["done", "done", "diverged"]
    for row in rows[:2]:
        saved = load(tmp_path / row["run"] / BEST)
        assert saved.config.training.learning_rate == row["values"]["training.learning_rate"]


def test_ctrl_c_saves_in_the_rank_that_trains_and_the_one_that_waits_leaves(launch, tmp_path):
    long = ["--steps", "1000000", "-s", "training.eval_every=50", "-s", "training.save_every=50"]
    process = launch("--grid", "model.hidden_size=8", *long, "-o", "s")
    deadline = time.monotonic() + 30
    while not (tmp_path / "s/hidden_size=8" / BEST).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    code, _, stderr = ended(process)
    assert code == 130
    assert "1 of 1 · hidden_size=8 · stopped" in stderr
    assert 50 <= load(tmp_path / "s/hidden_size=8" / LAST).progress.step < 1_000_000


def test_mistakes_are_printed_once_and_nobody_waits(launch, tmp_path):
    code, out, stderr = ended(launch("--grid", "model.hiden_size=8"))
    assert (code, out) == (1, "")
    assert stderr.count("error: ") == 1
    assert "did you mean model.hidden_size?" in stderr
    assert not (tmp_path / "runs").exists()


def test_without_mpi4py_one_line_says_what_to_install(launch):
    code, out, stderr = ended(launch(*RATES, program=("-c", WITHOUT_MPI)))
    assert (code, out) == (1, "")
    assert stderr.count("error: ") == 1
    assert "[mpi]" in stderr
