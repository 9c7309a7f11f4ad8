import os
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import replace

import numpy as np
import pytest

from charrnn.errors import WorkerError
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.window_options import WindowOptions
from charrnn.text.windows import Window
from charrnn.training.parallel import connection, replica, worker_pool
from charrnn.training.parallel.data_parallel import DataParallel, even_slices
from charrnn.training.parallel.replica import Replica, Shard


@contextmanager
def split(network, threads):
    made = DataParallel(network, threads)
    try:
        yield made
    finally:
        made.close()


def window(B, cell="rnn", T=9, **options):
    generator = np.random.default_rng(0)
    network = Network.fresh(Architecture(11, 8, cell, num_layers=2), generator, np.float64)
    ids = generator.integers(0, 11, (T + 1, B))
    options = {"loss_steps": T, "carry_steps": T, **options}
    made = Window(inputs=ids[:-1], targets=ids[1:], fresh_streams=np.zeros(B, bool), batch_size=B, **options)
    return network, made, generator.normal(size=network.architecture.state_shape(B))


@pytest.mark.parametrize(("B", "threads", "sizes"), [(7, 1, [7]), (7, 2, [4, 3]), (7, 3, [3, 2, 2]), (2, 50, [1, 1])])
def test_streams_are_divided_evenly_and_no_part_is_empty(B, threads, sizes):
    assert [share.stop - share.start for share in even_slices(B, threads)] == sizes


@pytest.mark.parametrize("cell", CELLS)
def test_any_split_gives_the_loss_gradient_and_state_of_one_thread(cell):
    network, _, _ = window(7, cell)
    with split(network, 1) as one, split(network, 3) as many:
        for dropout in (None, Dropout(0.3, seed=1, step=2)):
            for options in ({}, {"loss_steps": 4, "carry_steps": 4}):
                for B in (7, 2):  # with two streams, a worker has none
                    resets = np.random.default_rng(B).random((9, B)) < 0.3
                    _, given, state = window(B, cell, reset_mask=resets, **options)
                    state_one, state_many = state.copy(), state.copy()
                    loss_one = one.loss_and_gradient(given, state_one, dropout)
                    assert many.loss_and_gradient(given, state_many, dropout) == pytest.approx(loss_one)
                    np.testing.assert_allclose(many.gradient.flat, one.gradient.flat, rtol=1e-10, atol=1e-16)
                    np.testing.assert_allclose(state_many, state_one, rtol=1e-13, atol=1e-15)


def test_labels_are_smoothed_in_every_part_and_the_loss_is_reported_without():
    network, given, state = window(7)
    ws, expected = network.workspace(9, 7), network.parameters.zeros_like()
    loss = network.forward(given.inputs, given.targets, state, ws)
    network.backward(63, ws, expected, WindowOptions(smoothing=0.2))
    with split(network, 3) as many:
        assert many.loss_and_gradient(given, state.copy(), smoothing=0.2) == pytest.approx(loss / 63)
        np.testing.assert_allclose(many.gradient.flat, expected.flat, rtol=1e-10, atol=1e-16)
    with closing(DataParallel(network, accumulate=3)) as shares_in_turn:
        shares_in_turn.loss_and_gradient(given, state.copy(), smoothing=0.2)
        np.testing.assert_allclose(shares_in_turn.gradient.flat, expected.flat, rtol=1e-10, atol=1e-16)


def test_the_same_split_gives_the_same_bytes_and_workers_see_new_weights():
    network, given, state = window(6)
    network, results = network.astype(np.float32), []
    with split(network, 3) as three:
        for _ in range(20):
            three.loss_and_gradient(given, state.astype(np.float32))
            results.append(three.gradient.flat.tobytes())
        network.parameters.flat[:] *= 2
        three.loss_and_gradient(given, state.astype(np.float32))
    assert len(set(results)) == 1
    with split(network, 1) as one:
        one.loss_and_gradient(given, state.astype(np.float32))
    np.testing.assert_allclose(three.gradient.flat, one.gradient.flat, rtol=1e-4, atol=1e-7)


def test_the_carried_state_is_that_at_the_start_of_the_next_window():
    network, given, state = window(3, carry_steps=4)
    handed = state.copy()
    with split(network, 2) as two:
        two.loss_and_gradient(given, handed)
    ws = network.workspace(4, 3)
    network.logits(given.inputs[:4], state, ws)
    np.testing.assert_allclose(handed, ws.state, rtol=1e-13)


def test_an_error_in_a_worker_is_an_error_here():
    network, given, state = window(4)
    targets = given.targets.copy()
    targets[:, 3] += 100
    with split(network, 2) as two, pytest.raises(IndexError):
        two.loss_and_gradient(replace(given, targets=targets), state)


def test_a_killed_worker_is_reported_with_advice():
    network, given, state = window(4)
    with split(network, 2) as two:
        worker = two._pool._workers[0]._process
        worker.kill()
        worker.wait()
        how = (
            "ended by signal 9, possibly out of memory" if os.path.__name__ == "posixpath" else "ended with exit code 1"
        )
        with pytest.raises(WorkerError, match=rf"pid {worker.pid}\) {how}; .*`resume`.*`settings` runtime.threads=1"):
            two.loss_and_gradient(given, state)


@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
def test_a_worker_leaves_ctrl_c_and_sigterm_to_the_training_and_ends_with_it():
    network, given, state = window(4)
    with split(network, 2) as two:
        worker = two._pool._workers[0]._process
        os.kill(worker.pid, signal.SIGINT)
        os.kill(worker.pid, signal.SIGTERM)
        two.loss_and_gradient(given, state)
        assert os.getsid(worker.pid) != os.getsid(0)
    assert worker.wait(5) is not None


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_no_worker_outlives_a_training_that_was_killed(tmp_path):
    program = (
        "import numpy as np\n"
        "from charrnn.training.parallel.data_parallel import DataParallel\n"
        "from charrnn.network.architecture import Architecture\n"
        "from charrnn.network.network import Network\n"
        "split = DataParallel(Network.fresh(Architecture(9, 8), np.random.default_rng(0)), 3)\n"
        "print(*(worker._process.pid for worker in split._pool._workers), flush=True)\n"
        "input()\n"
    )
    training = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    pids = [int(pid) for pid in training.stdout.readline().split()]
    assert len(pids) == 2
    training.kill()
    training.communicate()
    end = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(is_running, pids))


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = f"/proc/{pid}/stat"
    return not (os.path.exists(stat) and open(stat, encoding="utf-8").read().split()[2] == "Z")  # a zombie has ended


def test_a_worker_that_cannot_open_the_shared_file_says_why(monkeypatch, tmp_path):
    """Where files are opened by their names, a name may be gone or in use."""
    real = worker_pool._shared_file

    def moved(size):
        file, _ = real(size)
        return file, str(tmp_path / "gone")

    monkeypatch.setattr(worker_pool, "PASSES_FILES", False)
    monkeypatch.setattr(worker_pool, "_shared_file", moved)
    network, _, _ = window(2)
    with pytest.raises(WorkerError, match=r"cannot open the shared memory: .*gone.*`settings` runtime.threads=1"):
        DataParallel(network, 2)


@pytest.mark.skipif(not worker_pool.PASSES_FILES, reason="workers open it by its name; see test_shared_file.py")
def test_the_shared_file_leaves_no_name_behind():
    before = set(worker_pool.SHARED_MEMORY_FOLDER.glob("charrnn-*"))
    network, _, _ = window(2)
    with split(network, 2):
        assert set(worker_pool.SHARED_MEMORY_FOLDER.glob("charrnn-*")) == before


def test_a_lack_of_shared_memory_is_reported_with_advice(monkeypatch, tmp_path):
    monkeypatch.setattr(worker_pool, "SHARED_MEMORY_FOLDER", tmp_path / "none")
    monkeypatch.setattr(worker_pool.tempfile, "gettempdir", lambda: str(tmp_path / "neither"))
    network, _, _ = window(2)
    with pytest.raises(WorkerError, match=r"no room for .* bytes of shared memory.*runtime.threads=1"):
        DataParallel(network, 2)


def test_every_part_knows_where_documents_begin():
    network, given, state = window(4, reset_mask=np.ones((9, 4), bool))
    with split(network, 2) as two:
        loss = two.surprisals(given.inputs, given.targets, state, given.reset_mask).sum()
        mean = two.loss_and_gradient(given, state)
    ws, gradient = network.workspace(1, 36), network.parameters.zeros_like()
    alone = network.forward(given.inputs.reshape(1, 36), given.targets.reshape(1, 36), network.zero_state(36), ws)
    network.backward(36, ws, gradient)
    assert loss == pytest.approx(alone, rel=1e-12)
    assert mean == pytest.approx(alone / 36, rel=1e-12)
    np.testing.assert_allclose(two.gradient.flat, gradient.flat, rtol=1e-9, atol=1e-15)


def test_a_worker_imports_nothing_from_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "random.py").write_text("raise SystemExit(3)\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    network, given, state = window(4)
    with split(network, 2) as two:
        assert np.isfinite(two.loss_and_gradient(given, state))


@pytest.mark.skipif(not hasattr(connection, "fcntl"), reason="pipes of another size are Linux's")
def test_a_pipe_that_may_not_be_enlarged_serves_as_it_is(monkeypatch):
    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(connection, "fcntl", refused)
    network, given, state = window(4)
    with split(network, 2) as two:
        assert np.isfinite(two.loss_and_gradient(given, state))


def test_windows_of_many_lengths_do_not_fill_the_memory():
    network, given, state = window(3)
    alone = Replica(network, network.parameters)
    for T in range(1, 10):
        alone.run(Shard(given.inputs[:T], given.targets[:T], state))
        alone.run(Shard(given.inputs, given.targets, state))
    found = alone.workspace.cache_info()
    assert found.currsize == replica.MAX_WORKSPACES
    assert found.misses == len(range(1, 10)), "the window that is read again and again keeps its buffers"


def test_without_fallocate_every_byte_is_written(monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    file, _ = worker_pool._shared_file(3_000_001)
    with file:
        found = os.fstat(file.fileno())
    assert found.st_size == 3_000_001
    assert getattr(found, "st_blocks", 1e9) * 512 >= 3_000_001  # Windows does not say
