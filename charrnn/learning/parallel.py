"""The streams of a window shared out among threads.

Streams do not meet inside a window, so each thread runs forward and backward for its own part of them, with its
own workspace and gradient, on one BLAS thread: NumPy lets go of the interpreter's lock in products and
element-wise functions. That is faster than one thread that calls a threaded BLAS, because the element-wise
work is shared out as well. The parts' gradients are added in a fixed order: the same split gives the same bytes.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from charrnn.network.arrays import Array, Ids, nbytes
from charrnn.network.dropout import Dropout
from charrnn.network.network import Network, Workspace
from charrnn.network.parameters import Parameters
from charrnn.text.windows import Window


def available_cores() -> int:
    """The cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity to ask for
        return os.cpu_count() or 1


@dataclass(frozen=True)
class Part:
    """The streams of one thread: which they are, its workspace, its gradient."""

    streams: slice
    ws: Workspace
    gradient: Parameters


class StreamSplit:
    """`parts` of a batch of B streams, worked on side by side by as many threads."""

    def __init__(self, network: Network, T: int, B: int, threads: int, dropout: bool = False) -> None:
        """`threads` is an upper bound: no thread is without a stream. `dropout`: make room for its masks."""
        ends = [len(part) for part in np.array_split(np.arange(B), min(threads, B))]
        starts = np.cumsum([0, *ends])
        self._network = network
        self._parts = [
            Part(slice(start, start + size), network.workspace(T, size, dropout), network.parameters.zeros_like())
            for start, size in zip(starts[:-1].tolist(), ends, strict=True)
        ]
        self._pool = ThreadPoolExecutor(len(self._parts), "streams") if len(self._parts) > 1 else None

    @property
    def nbytes(self) -> int:
        """The memory of all buffers and gradients."""
        return sum(nbytes(part.ws) + part.gradient.flat.nbytes for part in self._parts)

    @property
    def gradient(self) -> Parameters:
        """The gradient of the last `loss_and_gradient`, over all streams."""
        return self._parts[0].gradient

    def loss_and_gradient(self, window: Window, state: Array, dropout: Dropout | None = None) -> float:
        """The mean loss over the new characters of a window, in nats; fills `gradient`.

        Brings `state`, (S, B, H), to where the next window begins.
        """

        def work(part: Part) -> float:
            streams, new = part.streams, window.new
            masks = replace(dropout, first_stream=streams.start) if dropout else None
            inputs, targets = window.inputs[:, streams], window.targets[:, streams]
            loss = float(self._network.forward(inputs, targets, state[:, streams], part.ws, new, masks))
            self._network.backward(window.characters, part.ws, part.gradient, new, masks)
            state[:, streams] = part.ws.state_after(window.advance)
            return loss

        total = sum(self._run(work))
        for part in self._parts[1:]:
            np.add(self.gradient.flat, part.gradient.flat, out=self.gradient.flat)
        return total / window.characters

    def loss(self, inputs: Ids, targets: Ids, state: Array) -> float:
        """The loss of a window summed over its characters, in nats; brings `state` up to date."""

        def work(part: Part) -> float:
            streams = part.streams
            loss = self._network.forward(inputs[:, streams], targets[:, streams], state[:, streams], part.ws)
            state[:, streams] = part.ws.state
            return float(loss)

        return sum(self._run(work))

    def close(self) -> None:
        """Let the threads go."""
        if self._pool:
            self._pool.shutdown()

    def _run(self, work: Callable[[Part], float]) -> Iterable[float]:
        @np.errstate(over="ignore", invalid="ignore")  # the trainer tells of what is not finite, once and in words
        def quietly(part: Part) -> float:
            return work(part)

        return self._pool.map(quietly, self._parts) if self._pool else map(quietly, self._parts)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within: every product runs on the thread that asks for it."""
    with threadpool_limits(1, user_api="blas"):
        yield
