"""The other ranks of an MPI job, if `mpiexec` started several: rank 0 distributes the trainings, the others run them.

By mpi4py.futures (Rogowski, Aseeri, Keyes and Dalcin, "mpi4py.futures: MPI-based asynchronous task execution for
Python", IEEE TPDS 2023): a rank that is done gets the next one, and a rank that waits sleeps.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from typing import Any

import typer

from charrnn.cli.distributed import missing_mpi
from charrnn.cli.exit_codes import FAILED
from charrnn.system.mpi_environment import rank_and_size
from charrnn.system.signals import graceful_stop


@contextmanager
def worker_ranks() -> Iterator[Executor | None]:
    """Yield the executor that runs work on the other ranks, or None for a single rank. The other ranks do that work
    here, and exit.

    Raises MissingLibraryError if several ranks were started and mpi4py or an MPI is missing.
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
            raise typer.Exit(FAILED) from None  # rank 0 prints it
        raise missing_mpi(error) from None
    team: Any  # its type hints are another class's
    unstopped = graceful_stop() if rank else nullcontext()  # a rank that waits for work stops when rank 0 says so
    with unstopped, MPICommExecutor(MPI.COMM_WORLD, root=0) as team:
        if team is not None:
            yield team
    if team is None:  # all the work is done
        raise typer.Exit
