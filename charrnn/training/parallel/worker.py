"""A worker process of a training: it computes part of the streams, again and again, until its standard input ends.

    python -m charrnn.training.parallel.worker

It reads a `Setup`, then one `Shard` after the other, and answers each with its result or with the exception that was
raised. It shares the memory of weights and gradient with the process that started it (see data_parallel.py).
"""

import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.network.architecture import Architecture
from charrnn.network.arrays import Array
from charrnn.network.network import Network
from charrnn.network.parameters import Parameters
from charrnn.system.platform_features import GONE_AFTER_USE
from charrnn.training.parallel.connection import Connection
from charrnn.training.parallel.replica import Replica, Shard


@dataclass(frozen=True)
class Setup:
    """What a worker must know: the network, and where its weights and its gradient are."""

    architecture: Architecture
    dtype: str
    shared: int | str  # the file's descriptor or name; (1 + workers, P): weights, then one gradient for each worker
    row: int
    rows: int

    def replica(self) -> Replica:
        """A replica whose weights and gradient are in shared memory."""
        shapes = self.architecture.shapes()
        size = Parameters.size(shapes)
        with open(self.shared, "r+b", opener=_open_named) as file:
            shared = np.memmap(file, self.dtype, "r+", shape=(self.rows, size))
        weights, gradient = (Parameters(shapes, self.dtype, np.asarray(shared[row])) for row in (0, self.row))
        return Replica(Network(self.architecture, weights), gradient)


def _open_named(name: str, flags: int) -> int:
    return os.open(name, flags | GONE_AFTER_USE)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # for the training, which finishes its step and then ends us
    connection = Connection(sys.stdin.buffer, os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what is printed by mistake must not get among the answers
    with suppress(EOFError, OSError):  # the training is gone, and nothing reads an answer
        setup = connection.receive()
        try:
            replica = setup.replica()
        except OSError as error:  # without descriptors to inherit, the file is opened by its name
            connection.send(error)
            return
        connection.send(None)
        while True:
            connection.send(_result(replica, connection.receive()))
    os._exit(0)


def _result(replica: Replica, shard: Shard) -> tuple[Any, Array] | Exception:
    try:
        return replica.run(shard)
    except Exception as error:
        return error


if __name__ == "__main__":
    main()
