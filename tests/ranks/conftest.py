"""Real trainings by several ranks started by mpiexec; there may be more ranks than cores."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(sys.executable).parent


@pytest.fixture(scope="session")
def mpiexec():
    """Start ranks: `mpiexec(2, "charrnn", "train", ...)`, and wait for their end; `wait=False`: the process."""
    pytest.importorskip("mpi4py", reason="needs mpi4py, which is not here")
    launcher = shutil.which("mpiexec", path=os.pathsep.join([str(HERE), os.environ["PATH"]]))
    if launcher is None:
        pytest.skip("needs an MPI with its mpiexec, which is not here")

    def start(ranks, *arguments, wait=True, cwd=None):
        command = [launcher, *words(ranks, arguments)]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        options = {"text": True, "env": environment, "cwd": cwd, "stdin": subprocess.DEVNULL}
        if wait:
            return subprocess.run(command, capture_output=True, timeout=120, **options)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    return start


def words(ranks, arguments):
    """Replace `charrnn` and `python` by those of this environment."""
    known = {"charrnn": [sys.executable, "-m", "charrnn"], "python": [sys.executable]}
    first, *rest = map(str, arguments)
    return ["-n", str(ranks), *known.get(first, [first]), *rest]


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    """A text of 6,000 characters."""
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("".join(f"line {n} of {n * n % 97}, the cat sat on mat {n % 13}.\n" for n in range(160)), "utf-8")
    return path
