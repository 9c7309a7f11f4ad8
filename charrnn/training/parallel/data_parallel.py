"""Data parallelism: the streams of a window divided among the processor's cores.

Streams do not meet inside a window, so each core runs forward and backward for its own part of them, with its own
workspace and gradient, on one BLAS thread: element-wise work is divided as well as products. The parts' gradients
are added in a fixed order: the same split gives the same bytes, whichever part finishes first.

This process computes the first part; one worker process computes each further part. (Threads would take turns at the
interpreter's lock at every call into NumPy: for 128 units that cost a third of what two cores gain.) Weights and
gradients are in shared memory, so that only a window and its states pass through pipes. A worker ends with its input,
however the process that started it ends.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array, Ids
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.network.resets import ResetMask
from charrnn.network.window_options import WindowOptions
from charrnn.system.cores import usable_cores
from charrnn.text.windows import Window
from charrnn.training.parallel.communicator import Communicator
from charrnn.training.parallel.replica import Replica, Shard
from charrnn.training.parallel.worker_pool import WorkerPool

MIN_MULTIPLICATIONS_PER_CORE = 10_000_000  # in a window; fewer are done before another core has started
ELEMENTWISE = 64  # multiplications that take as long as the element-wise work for one unit of one gate


def fastest_threads(architecture: Architecture, T: int, B: int, cores: int | None = None) -> int:
    """The fastest number of cores for B streams: all (`cores` None: of this machine) that have enough to do.

    Measured on two cores for H from 32 to 256 and B from 2 to 32: above twice that number, two are faster than one.

    >>> fastest_threads(Architecture(vocab_size=65, hidden_size=512, cell="lstm"), T=64, B=64, cores=8)
    8
    >>> fastest_threads(Architecture(vocab_size=65, hidden_size=32), T=64, B=8, cores=8)
    1
    """
    V, H, G = architecture.vocab_size, architecture.hidden_size, architecture.make_cell().gates
    per_layer = G * H * (H + ELEMENTWISE)
    inner = (architecture.num_layers - 1) * G * H * H
    multiplications = T * B * (architecture.num_layers * per_layer + inner + H * V)
    return max(1, min(cores or len(usable_cores()), B, multiplications // MIN_MULTIPLICATIONS_PER_CORE))


@cache
def even_slices(count: int, parts: int) -> tuple[slice, ...]:
    """Slices of `count` streams, one for each part: as even as possible, none empty.

    >>> even_slices(5, 2)
    (slice(0, 3, None), slice(3, 5, None))
    """
    sizes = [len(part) for part in np.array_split(np.arange(count), max(1, min(parts, count)))]
    ends = np.cumsum(sizes).tolist()
    return tuple(slice(end - size, end) for end, size in zip(ends, sizes, strict=True))


class DataParallel:
    """A network that computes `threads` parts of this rank's streams at once, `threads` - 1 of them by workers."""

    def __init__(
        self, network: Network, threads: int = 1, ranks: Communicator | None = None, accumulate: int = 1
    ) -> None:
        """Start the workers. `accumulate`: the number of parts in which the streams are computed one after the other,
        to save memory; in evaluations too. Raises WorkerError where a worker cannot start.
        """
        self.ranks = ranks or Communicator()
        self._threads, self._accumulate = threads, accumulate
        weights = network.parameters
        buffer = self.ranks.gradient_buffer(len(weights), weights.flat.dtype)
        self._replica = Replica(network, Parameters(weights.shapes, flat=buffer))
        self._pool = WorkerPool(network, threads - 1) if threads > 1 else None

    @property
    def gradient(self) -> Parameters:
        """The gradient of the last `loss_and_gradient`, over all streams of all ranks."""
        return self._replica.gradient

    def loss_and_gradient(
        self, window: Window, state: Array, dropout: Dropout | None = None, smoothing: float = 0.0
    ) -> float:
        """Return the mean loss of a window's targets, in nats, without label smoothing. Fill `gradient`, which includes
        label smoothing. Set `state`, (S, B, H), to the state where the next window begins.
        """
        options = WindowOptions(
            loss_steps=window.loss_steps, dropout=dropout, reset_mask=window.reset_mask, smoothing=smoothing
        )
        count, carry_steps = window.target_count, window.carry_steps
        whole = Shard(window.inputs, window.targets, state, options=options, count=count, carry_steps=carry_steps)
        first, *others = even_slices(window.inputs.shape[1], self._accumulate)
        # If nothing is added to it here, its final part may travel while the rest is computed.
        alone = not (others or self._pool)
        loss = self._fill_gradient(whole.select(first), self.ranks.start_all_reduce if alone else lambda index: None)
        for streams in others:
            before = self.gradient.flat.copy()
            loss += self._fill_gradient(whole.select(streams))
            np.add(self.gradient.flat, before, out=self.gradient.flat)
        return self.ranks.all_reduce(self.gradient.flat, loss / count)

    def _fill_gradient(self, shard: Shard, on_gradient_ready: Callable[[int], object] = lambda index: None) -> float:
        """The summed loss of some streams; fills `gradient`."""
        losses = self._run(shard, on_gradient_ready)
        if self._pool:
            for gradient in self._pool.gradients[: len(losses) - 1]:
                np.add(self.gradient.flat, gradient, out=self.gradient.flat)
        return float(sum(losses))

    def surprisals(self, inputs: Ids, targets: Ids, state: Array, reset_mask: ResetMask | None = None) -> Array:
        """The surprisal of each character of a window, (T, B), in nats; updates `state`."""
        whole = Shard(inputs, targets, state, options=WindowOptions(reset_mask=reset_mask), per_character=True)
        in_turn = even_slices(inputs.shape[1], self._accumulate)
        return np.concatenate([found for streams in in_turn for found in self._run(whole.select(streams))], axis=1)

    def close(self) -> None:
        """End the workers."""
        if self._pool:
            self._pool.close()

    def _run(self, whole: Shard, on_gradient_ready: Callable[[int], object] = lambda index: None) -> list[Any]:
        """Distribute the work, and update its state. Returns what each part found."""
        streams = even_slices(whole.inputs.shape[1], self._threads)
        if self._pool:
            self._pool.submit(whole.select(share) for share in streams[1:])
        results = [self._replica.run(whole.select(streams[0]), on_gradient_ready)]
        if self._pool:
            results += self._pool.collect(len(streams) - 1)
        for share, (_, after) in zip(streams, results, strict=True):
            whole.state[:, share] = after
        return [found for found, _ in results]
