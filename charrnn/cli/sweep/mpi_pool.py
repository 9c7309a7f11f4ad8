"""The other ranks of an MPI job, where `mpiexec` started several of us: rank 0 hands trainings out, the others make them.

By mpi4py.futures (Rogowski, Aseeri, Keyes and Dalcin, "mpi4py.futures: MPI-based asynchronous task execution for Python",
IEEE TPDS 2023): a rank that is done is given the next, and one that waits sleeps.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from typing import Any

import typer

from charrnn.cli.distributed import missing_mpi
from charrnn.system.mpi_environment import rank_and_size
from charrnn.system.signals import graceful_stop


@contextmanager
def worker_ranks() -> Iterator[Executor | None]:
    """What hands work to the other ranks; None where there are none. The other ranks do that work here, and then leave.

    Raises MissingLibraryError where several were started and mpi4py, or an MPI, is not there.
    """
    rank, size = rank_and_size()
    if size == 1:
        yield None
        return
    try:
        from mpi4py import MPI
        from mpi4py.futures import MPICommExecutor
    except (ImportError, RuntimeError) as error:
        if rank:
            raise typer.Exit(1) from None  # the first tells
        raise missing_mpi(error) from None
    team: Any  # its type hints are another class's
    deaf = graceful_stop() if rank else nullcontext()  # one that waits for work leaves when the first says so
    with deaf, MPICommExecutor(MPI.COMM_WORLD, root=0) as team:
        if team is not None:
            yield team
    if team is None:  # all is done
        raise typer.Exit


def count(team: Executor) -> int:
    """How many ranks work."""
    return int(getattr(team, "num_workers", 1))
