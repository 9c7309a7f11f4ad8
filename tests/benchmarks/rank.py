"""worker.py for ranks that mpiexec started: rank 0 reads how many calls to make, and all ranks make them together.

    mpiexec -n 2 python rank.py WORK CELL H B T

Ranks sleep while they wait for the next round: MPI itself would spin, and take a core from the peer that is being measured.
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

MOMENT = 0.01  # seconds between two looks for the next round


def training(cell: str, H: int, B: int, T: int) -> Callable[[], object]:
    """One update on B streams, divided among all ranks."""
    comm, trainer = MPICommunicator(), charrnn_trainer(cell, H, B, T)
    trainer.windows = Windows(random_text(V, WINDOWS * B * T + 1), B, T, streams=comm.local_streams(B))
    trainer.state = trainer.network.zero_state(B // comm.size)
    trainer.ranks = comm
    split = DataParallel(trainer.network, 1, comm)
    threadpool_limits(1, user_api="blas")
    return lambda: trainer.step(split)


def all_reduce(_: str, P: int, *rest: int) -> Callable[[], object]:
    """One all-reduce of a gradient of P parameters."""
    comm = MPICommunicator()
    gradient = comm.gradient_buffer(P, np.float32)
    return lambda: comm.all_reduce(gradient, 0.0)


def main() -> None:
    work, cell, *sizes = sys.argv[1:]
    world = MPI.COMM_WORLD
    call = {"training": training, "all_reduce": all_reduce}[work](cell, *map(int, sizes))
    call()
    if world.rank == 0:
        print("ready", flush=True)
    for calls in _call_counts(world):
        for _ in range(WARM_UP):
            call()
        began = time.perf_counter()
        for _ in range(calls):
            call()
        if world.rank == 0:
            print((time.perf_counter() - began) / calls, flush=True)


def _call_counts(world: MPI.Comm) -> Iterator[int]:
    """The number of calls of each round, broadcast by rank 0, until its standard input ends."""
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
