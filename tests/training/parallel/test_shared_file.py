"""The memory that a training shares with its workers, on systems that lack what Linux has for it."""

import os
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from charrnn.errors import WorkerError
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.system import platform_features
from charrnn.text.windows import Window
from charrnn.training.parallel import connection, worker_pool
from charrnn.training.parallel.data_parallel import DataParallel


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files; there is no SHARED_MEMORY_FOLDER."""
    monkeypatch.setattr(worker_pool, "SHARED_MEMORY_FOLDER", tmp_path / "none")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def two_cores():
    """A function that computes loss and gradient of a window on two cores."""
    generator = np.random.default_rng(0)
    network = Network.fresh(Architecture(11, 8), generator, np.float64)
    ids, T = generator.integers(0, 11, (10, 4)), 9
    window = Window(
        inputs=ids[:-1], targets=ids[1:], fresh_streams=np.zeros(4, bool), batch_size=4, loss_steps=T, carry_steps=T
    )
    state = generator.normal(size=network.architecture.state_shape(4))
    made = DataParallel(network, 2)
    try:
        yield lambda: (made.loss_and_gradient(window, state.copy()), made.gradient.flat.tolist())
    finally:
        made.close()


inherits = pytest.mark.skipif(not platform_features.PASSES_FILES, reason="workers inherit no open file")


@inherits
def test_without_a_folder_for_shared_memory_temporary_files_serve_and_nothing_stays(temporary):
    (temporary / "before").mkdir()
    with two_cores() as compute:
        assert compute()[0] > 0
        assert os.listdir(temporary) == ["before"]
    assert os.listdir(temporary) == ["before"]


@pytest.mark.parametrize("passes", [pytest.param(True, marks=inherits), False])
def test_workers_that_inherit_no_open_file_open_it_by_name(temporary, monkeypatch, passes):
    """PASSES_FILES"""
    with two_cores() as compute:
        expected = compute()
    monkeypatch.setattr(worker_pool, "PASSES_FILES", passes)
    with two_cores() as compute:
        assert len(os.listdir(temporary)) == (0 if passes else 1)
        assert compute() == expected
    assert os.listdir(temporary) == []


@pytest.mark.skipif(platform_features.IS_WINDOWS, reason="what is open keeps its name on Windows")
def test_a_worker_that_cannot_open_it_leaves_no_file(temporary, monkeypatch):
    monkeypatch.setattr(worker_pool, "PASSES_FILES", False)
    real = worker_pool._Worker

    def late(file):
        [path] = temporary.iterdir()
        path.unlink()
        return real(file)

    monkeypatch.setattr(worker_pool, "_Worker", late)
    with pytest.raises((WorkerError, FileNotFoundError)), two_cores():
        pass
    assert os.listdir(temporary) == []


def test_a_system_that_reserves_no_space_writes_zeros(tmp_path, monkeypatch):
    """reserve_space"""
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    monkeypatch.setattr(platform_features, "ZERO_BLOCK", bytes(1000))
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0))
    platform_features.reserve_space(descriptor, 2345)
    os.close(descriptor)
    assert (tmp_path / "file").read_bytes() == bytes(2345)


def test_a_full_disk_is_an_error_before_the_first_step(temporary, monkeypatch):
    def full(descriptor, size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(worker_pool, "reserve_space", full)
    with pytest.raises(WorkerError, match=r"no room for .* bytes of shared memory"), two_cores():
        pass
    assert os.listdir(temporary) == []


def test_without_poll_an_answer_is_waited_for_without_spinning(monkeypatch):
    monkeypatch.setattr(connection, "select", SimpleNamespace())
    read, write = os.pipe()
    with os.fdopen(read, "rb") as reader, os.fdopen(write, "wb") as writer:
        ends = connection.Connection(reader, writer)
        ends.send([1, 2])
        assert ends.receive() == [1, 2]
        ends.close()
    assert hasattr(select, "select")


def test_without_f_setpipe_sz_a_pipe_stays_as_it_is(monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", SimpleNamespace())
    code = compile(Path(connection.__file__).read_text("utf-8"), connection.__file__, "exec")
    found = {"__name__": "connection"}
    exec(code, found)
    read, write = os.pipe()
    with os.fdopen(read, "rb") as reader, os.fdopen(write, "wb"):
        found["enlarge"](reader)


TRAINING = """
import sys, tempfile
from pathlib import Path
import numpy as np
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.training.parallel import worker_pool
from charrnn.training.parallel.data_parallel import DataParallel

worker_pool.SHARED_MEMORY_FOLDER = Path("/nowhere")
split = DataParallel(Network.fresh(Architecture(9, 8), np.random.default_rng(0)), 2)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_nothing_stays_in_the_folder_for_temporary_files_after_a_kill(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    program = [sys.executable, "-c", TRAINING]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(program, **pipes, env=environment, text=True) as training:
        assert training.stdout.readline() == "ready\n"
        training.send_signal(signal.SIGKILL)
    assert os.listdir(tmp_path) == []
