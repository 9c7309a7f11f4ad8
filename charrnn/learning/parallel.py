"""The streams of a window shared out among the processor's cores.

Streams do not meet inside a window, so each core runs forward and backward for its own part of them, with its own
workspace and gradient, on one BLAS thread: element-wise work is shared out as well as products. The parts' gradients
are added in a fixed order: the same split gives the same bytes, whoever finishes first.

The first part is done here; each further one by a worker, a process of its own. (Threads would take turns at the
interpreter's lock at every call into NumPy: for 128 units that cost a third of what two cores bring.) Weights and
gradients lie in shared memory, so that only a window and its states pass through pipes. A worker ends with its input,
whatever becomes of the process that started it.
"""

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

import charrnn
from charrnn.errors import WorkerError
from charrnn.learning.channel import Channel, enlarge
from charrnn.learning.part import Part, Work
from charrnn.learning.ranks import Alone
from charrnn.learning.worker import Setup
from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array, Ids
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.network.resets import Begins
from charrnn.system.cores import ONE_BLAS_THREAD, available_cores
from charrnn.text.windows import Window

IN_MEMORY = Path("/dev/shm")  # on Linux, a folder whose files never reach a disk
ALONE = "train on one core with -s runtime.threads=1"
ZEROS = bytes(1 << 20)  # written where a system cannot set room aside
INHERITED = os.name == "posix"  # open files are handed to workers; elsewhere these open them by name
WORTH_A_CORE = 10_000_000  # multiplications in a window; fewer are done before another core has heard of them
ELEMENTWISE = 64  # multiplications that take as long as what is done to one unit of one gate besides
KILLED = 9  # the signal of a system whose memory has run out
PATIENCE = 5.0  # seconds until the system tells how a lost worker ended


def fastest_threads(architecture: Architecture, T: int, B: int, cores: int | None = None) -> int:
    """How many of the cores (None: of this machine) shall share B streams: all, but none for less than WORTH_A_CORE.

    Measured on two cores for H from 32 to 256 and B from 2 to 32: above twice that, two are faster than one.
    """
    V, H, G = architecture.vocab_size, architecture.hidden_size, architecture.make_cell().gates
    per_layer = G * H * (H + ELEMENTWISE)
    inner = (architecture.num_layers - 1) * G * H * H
    multiplications = T * B * (architecture.num_layers * per_layer + inner + H * V)
    return max(1, min(cores or available_cores(), B, multiplications // WORTH_A_CORE))


@cache
def shares(B: int, threads: int) -> tuple[slice, ...]:
    """The streams of each part: as even as can be, none empty."""
    sizes = [len(part) for part in np.array_split(np.arange(B), max(1, min(threads, B)))]
    ends = np.cumsum(sizes).tolist()
    return tuple(slice(end - size, end) for end, size in zip(ends, sizes, strict=True))


class StreamSplit:
    """A network at work on `threads` parts of the streams side by side: this process and `threads` - 1 workers.

    Of the streams of this rank, that is: what the ranks find is added up.
    """

    def __init__(self, network: Network, threads: int = 1, ranks: Alone | None = None, accumulate: int = 1) -> None:
        """Start the workers. `accumulate`: how many shares of the streams are worked through one after the other, each in the
        memory of one, in evaluations too. Raises WorkerError where that cannot be done.
        """
        self.ranks = ranks or Alone()
        self._threads, self._accumulate = threads, accumulate
        weights = network.parameters
        room = self.ranks.room(len(weights), weights.flat.dtype)
        self._own = Part(network, Parameters(weights.shapes, weights.flat.dtype, room))
        self._team = _Team(network, threads - 1) if threads > 1 else None

    @property
    def gradient(self) -> Parameters:
        """The gradient of the last `loss_and_gradient`, over all streams of all ranks."""
        return self._own.gradient

    def loss_and_gradient(
        self, window: Window, state: Array, dropout: Dropout | None = None, smoothing: float = 0.0
    ) -> float:
        """The mean loss over the new characters of a window, in nats, without smoothing; fills `gradient`, with it.

        Brings `state`, (S, B, H), to where the next window begins.
        """
        rest = window.characters, window.new, window.advance, dropout, window.resets
        whole = Work(window.inputs, window.targets, state, *rest, smoothing=smoothing)
        first, *others = shares(window.inputs.shape[1], self._accumulate)
        # Where nobody adds to it, what is whole may be on its way while the rest is computed.
        alone = not (others or self._team)
        loss = self._loss_and_gradient(whole.part(first), self.ranks.begin_to_add if alone else lambda index: None)
        for streams in others:
            before = self.gradient.flat.copy()
            loss += self._loss_and_gradient(whole.part(streams))
            np.add(self.gradient.flat, before, out=self.gradient.flat)
        return self.ranks.add(self.gradient.flat, loss / window.characters)

    def _loss_and_gradient(self, work: Work, whole_from: Callable[[int], object] = lambda index: None) -> float:
        """The summed loss of some streams; fills `gradient`."""
        losses = self._do(work, whole_from)
        if self._team:
            for gradient in self._team.gradients[: len(losses) - 1]:
                np.add(self.gradient.flat, gradient, out=self.gradient.flat)
        return float(sum(losses))

    def surprisals(self, inputs: Ids, targets: Ids, state: Array, begins: Begins | None = None) -> Array:
        """The surprisal of each character of a window, (T, B), in nats; brings `state` up to date."""
        whole = Work(inputs, targets, state, begins=begins, each=True)
        in_turn = shares(inputs.shape[1], self._accumulate)
        return np.concatenate([found for streams in in_turn for found in self._do(whole.part(streams))], axis=1)

    def close(self) -> None:
        """Let the workers go."""
        if self._team:
            self._team.close()

    def _do(self, whole: Work, whole_from: Callable[[int], object] = lambda index: None) -> list[Any]:
        """Share the work out, and bring its state up to date. What each part found."""
        streams = shares(whole.inputs.shape[1], self._threads)
        if self._team:
            self._team.begin(whole.part(share) for share in streams[1:])
        results = [self._own.do(whole.part(streams[0]), whole_from)]
        if self._team:
            results += self._team.results(len(streams) - 1)
        for share, (_, after) in zip(streams, results, strict=True):
            whole.state[:, share] = after
        return [found for found, _ in results]


class _Team:
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
                name = file.fileno() if INHERITED else self._name
                worker.send(Setup(network.architecture, dtype.name, name, row, 1 + size))
            for worker in self._workers:
                worker.receive()  # it has opened the file
        except BaseException:
            self.close()
            raise
        finally:
            file.close()

    def begin(self, parts: Iterable[Work]) -> None:
        """Hand the parts out, with the weights as they are now."""
        np.copyto(self._shared_weights, self._weights)
        for worker, part in zip(self._workers, parts, strict=False):
            worker.send(part)

    def results(self, count: int) -> Iterator[tuple[Any, Array]]:
        """What the first `count` workers found, in their order. Raises what they met."""
        for worker in self._workers[:count]:
            yield worker.receive()

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.close()
        if not INHERITED:  # while it is mapped, Windows keeps the name
            self._shared_weights, self.gradients = np.empty(0), []
            with suppress(OSError):
                os.unlink(self._name)


class _Worker:
    """A process that does as worker.py says, out of reach of the terminal's Ctrl-C: the training decides when it ends."""

    def __init__(self, shared: IO[bytes]) -> None:
        package = str(Path(charrnn.__file__).parents[1])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "charrnn.learning.worker"],  # -P: not what lies in this folder
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **ONE_BLAS_THREAD, "PYTHONPATH": path},
                start_new_session=True,
                pass_fds=(shared.fileno(),) if INHERITED else (),
            )
        except OSError as error:
            raise WorkerError(f"cannot start a worker process: {error}; {ALONE}") from None
        assert self._process.stdin
        assert self._process.stdout
        for pipe in (self._process.stdout, self._process.stdin):
            enlarge(pipe)
        self._channel = Channel(self._process.stdout, self._process.stdin)

    def send(self, message: object) -> None:
        """Raises WorkerError when the process is gone."""
        try:
            self._channel.send(message)
        except OSError:
            raise self._lost() from None

    def receive(self) -> Any:
        """Its answer. Raises what it met, and WorkerError when the process is gone."""
        try:
            answer = self._channel.receive()
        except (EOFError, OSError, pickle.UnpicklingError):
            raise self._lost() from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End it at once: it holds nothing that would be lost."""
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def _lost(self) -> WorkerError:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        code = self._process.returncode
        if code is None:
            how = "no longer answers"
        else:
            how = f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        why = "; was there too little memory?" if code == -KILLED else "."
        return WorkerError(
            f"a worker process of this training (pid {self._process.pid}) {how}{why} "
            f"Go on from the last checkpoint with --resume, or {ALONE}"
        )


def _shared_file(size: int) -> tuple[IO[bytes], str]:
    """A file of so many bytes, of which every one is there: a full disk is an error here and not a crash later.

    Where workers inherit it, it loses its name at once, so that nothing is left of it however this process ends.
    """
    for folder in (IN_MEMORY, None):  # None: where the system has its temporary files
        with suppress(OSError):
            handle, name = tempfile.mkstemp(prefix="charrnn-", dir=folder)
            try:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(handle, 0, size)
                else:
                    with os.fdopen(os.dup(handle), "wb") as file:
                        for start in range(0, size, len(ZEROS)):
                            file.write(ZEROS[: size - start])
                if INHERITED:
                    os.unlink(name)
                return os.fdopen(handle, "r+b"), name
            except OSError:
                os.close(handle)
                os.unlink(name)
    raise WorkerError(f"no room for {size:,} bytes of shared memory in {IN_MEMORY} or {tempfile.gettempdir()}; {ALONE}")
