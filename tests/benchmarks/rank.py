"""As worker.py, for ranks that mpiexec has started: the first hears how many calls to make, and all make them together.

    mpiexec -n 2 python rank.py WORK CELL H B T

While they wait to hear, ranks sleep: MPI itself would spin, and take a core from whoever is measured meanwhile.
"""

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
from common import WINDOWS, V, charrnn_trainer, random_text
from mpi4py import MPI
from threadpoolctl import threadpool_limits
from worker import WARM_UP

from charrnn.text.windows import Windows
from charrnn.training.parallel.data_parallel import DataParallel
from charrnn.training.parallel.mpi import MPICommunicator

MOMENT = 0.01


def training(cell: str, H: int, B: int, T: int) -> Callable[[], object]:
    """One update of a training of B streams, by all ranks."""
    comm, trainer = MPICommunicator(), charrnn_trainer(cell, H, B, T)
    trainer.windows = Windows(random_text(V, WINDOWS * B * T + 1), B, T, streams=comm.local_streams(B))
    trainer.state = trainer.network.zero_state(B // comm.size)
    trainer.ranks = comm
    split = DataParallel(trainer.network, 1, comm)
    threadpool_limits(1, user_api="blas")
    return lambda: trainer.step(split)


def adding(_: str, P: int, *rest: int) -> Callable[[], object]:
    """One sum of a gradient of so many parameters over the ranks."""
    comm = MPICommunicator()
    gradient = comm.gradient_buffer(P, np.float32)
    return lambda: comm.all_reduce(gradient, 0.0)


def main() -> None:
    work, cell, *sizes = sys.argv[1:]
    world = MPI.COMM_WORLD
    call = {"training": training, "adding": adding}[work](cell, *map(int, sizes))
    call()
    if world.rank == 0:
        print("ready", flush=True)
    for calls in _orders(world):
        for _ in range(WARM_UP):
            call()
        began = time.perf_counter()
        for _ in range(calls):
            call()
        if world.rank == 0:
            print((time.perf_counter() - began) / calls, flush=True)


def _orders(world: MPI.Comm) -> Iterator[int]:
    """The numbers of calls, until the first rank's standard input ends."""
    while True:
        box = np.array([int(sys.stdin.readline() or 0) if world.rank == 0 else 0])
        request = world.Ibcast(box)
        while not request.Test():
            time.sleep(MOMENT if world.rank else 0)
        if not box[0]:
            return
        yield int(box[0])


if __name__ == "__main__":
    main()
