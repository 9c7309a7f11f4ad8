"""Worker processes for the streams of a window, and the memory that they share with this process.

Not those of `multiprocessing`, for three reasons:

1. It forks a process whose BLAS has threads, or runs the user's main script again in each worker. Here a worker is a
   fresh interpreter that runs worker.py alone, with one BLAS thread.
2. Its queues sleep while they wait, and waking up takes longer than a short step; a Connection spins for a moment.
3. After a kill its workers and its named shared memory may stay. Here a worker ends with its input, and the shared
   file has lost its name before the first step.
"""

import os
import pickle
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, Any

import numpy as np

from charrnn.errors import WorkerError
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.package import child_python_path
from charrnn.system.cores import ONE_BLAS_THREAD
from charrnn.system.platform_features import (
    GONE_AFTER_USE,
    NO_WAIT,
    OWN_GROUP,
    PASSES_FILES,
    SHARED_MEMORY_FOLDER,
    reserve_space,
)
from charrnn.training.parallel.connection import Connection, enlarge
from charrnn.training.parallel.replica import Shard
from charrnn.training.parallel.worker import Setup
from charrnn.words import parameter

SIGKILL = 9  # ends a process when the system's memory has run out
EXIT_WAIT_SECONDS = 5.0  # until the system reports how a lost worker ended


class WorkerPool:
    """Workers and the memory that they share with this process."""

    def __init__(self, network: Network, size: int) -> None:
        self._weights = network.parameters.flat
        P, dtype = len(self._weights), self._weights.dtype
        file, self._name = _shared_file((1 + size) * P * dtype.itemsize)
        shared = np.memmap(file, dtype, "r+", shape=(1 + size, P))
        self._shared_weights, self.gradients = np.asarray(shared[0]), [np.asarray(row) for row in shared[1:]]
        self._workers: list[_Worker] = []
        try:
            self._workers.extend(_Worker(file) for _ in range(size))
            for row, worker in enumerate(self._workers, start=1):
                name = file.fileno() if PASSES_FILES else self._name
                worker.send(Setup(network.architecture, dtype.name, name, row, 1 + size))
            for worker in self._workers:
                worker.receive()  # it has opened the file
        except OSError as error:
            self.close()
            raise WorkerError(f"a worker process cannot open the shared memory: {error}; {_one_core_hint()}") from None
        except BaseException:
            self.close()
            raise
        finally:
            file.close()

    def submit(self, shards: Iterable[Shard]) -> None:
        """Send a shard to each worker, with the weights as they are now."""
        np.copyto(self._shared_weights, self._weights)
        for worker, shard in zip(self._workers, shards, strict=False):
            worker.send(shard)

    def collect(self, count: int) -> Iterator[tuple[Any, Array]]:
        """What the first `count` workers found, in their order. Raises what they raised."""
        for worker in self._workers[:count]:
            yield worker.receive()

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.close()
        if not PASSES_FILES:  # while it is mapped, Windows keeps the name
            self._shared_weights, self.gradients = np.empty(0), []
            with suppress(OSError):
                os.unlink(self._name)


class _Worker:
    """A process that runs worker.py, out of reach of the terminal's Ctrl-C: the training decides when it ends."""

    def __init__(self, shared: IO[bytes]) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "charrnn.training.parallel.worker"],  # -P: import nothing from this folder
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **ONE_BLAS_THREAD, "PYTHONPATH": child_python_path()},
                pass_fds=(shared.fileno(),) if PASSES_FILES else (),
                **OWN_GROUP,
            )
        except OSError as error:
            raise WorkerError(f"cannot start a worker process: {error}; {_one_core_hint()}") from None
        assert self._process.stdin
        assert self._process.stdout
        for pipe in (self._process.stdout, self._process.stdin):
            enlarge(pipe)
        self._connection = Connection(self._process.stdout, self._process.stdin)

    def send(self, message: object) -> None:
        """Send a message. Raises WorkerError when the process is gone."""
        try:
            self._connection.send(message)
        except OSError:
            raise self._lost_error() from None

    def receive(self) -> Any:
        """Its answer. Raises what it raised, and WorkerError when the process is gone."""
        try:
            answer = self._connection.receive()
        except (EOFError, OSError, pickle.UnpicklingError):
            raise self._lost_error() from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End it at once: it holds nothing that could be lost."""
        self._connection.close()
        self._process.kill()
        self._process.wait()

    def _lost_error(self) -> WorkerError:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(EXIT_WAIT_SECONDS)
        code = self._process.returncode
        if code is None:
            how = "no longer answers"
        else:
            how = f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        why = ", possibly out of memory" if code == -SIGKILL else ""
        return WorkerError(
            f"a worker process of this training (pid {self._process.pid}) {how}{why}; "
            f"go on from the last checkpoint with {parameter('resume')}, or {_one_core_hint()}"
        )


def _one_core_hint() -> str:
    return f"train on one core with {parameter('settings')} runtime.threads=1"


def _shared_file(size: int) -> tuple[IO[bytes], str]:
    """A file of `size` bytes, and its name. Every byte is allocated: a full disk is an error here, not a crash later.

    Where workers inherit the file, it loses its name at once, elsewhere when nobody has it open any more: nothing of it
    stays, however this process ends.
    """
    for folder in (SHARED_MEMORY_FOLDER, None):  # None: the system's temporary files
        with suppress(OSError):
            name = os.path.join(folder or tempfile.gettempdir(), f"charrnn-{secrets.token_hex(8)}")
            handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_WAIT | GONE_AFTER_USE, 0o600)
            try:
                reserve_space(handle, size)
                if PASSES_FILES:
                    os.unlink(name)
                return os.fdopen(handle, "r+b"), name
            except OSError:
                os.close(handle)
                os.unlink(name)
    raise WorkerError(
        f"no room for {size:,} bytes of shared memory in {SHARED_MEMORY_FOLDER} or {tempfile.gettempdir()}; {_one_core_hint()}"
    )
