"""The communicator of a training: this process alone, or the ranks that mpiexec or srun started.

Only rank 0 prints. An error that every rank meets is printed once, by rank 0; a rank that meets one by itself prints it
and ends all ranks.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from charrnn.cli.exit_codes import FAILED, INTERRUPTED
from charrnn.cli.output.console import print_error
from charrnn.errors import CharrnnError, MissingLibraryError, RunError
from charrnn.system.mpi_environment import rank_and_size
from charrnn.training.parallel.communicator import Communicator

ERROR_WAIT_SECONDS = 10.0  # for the other ranks to meet the same error
INTERRUPT_WAIT_SECONDS = 1.0  # an interrupt reaches them too


@contextmanager
def communicator() -> Iterator[Communicator]:
    """Yield the communicator of a training. An error that only this rank meets ends all ranks.

    Raises MissingLibraryError if mpiexec started several ranks and mpi4py is missing, RunError if MPI reports fewer.
    """
    size = rank_and_size()[1]
    if size == 1:
        yield Communicator()
        return
    try:
        from charrnn.training.parallel.mpi import MPICommunicator
    except (ImportError, RuntimeError) as error:  # mpi4py or its MPI is missing
        raise missing_mpi(error) from None
    ranks = MPICommunicator()
    if ranks.size != size:  # each would train by itself, and write the same run
        raise RunError(
            f"{size} ranks were started, but MPI reports {ranks.size}; start them with the mpiexec of the MPI that mpi4py has, "
            "or with srun --mpi=pmi2"
        )
    try:
        yield ranks
    except BaseException as error:
        if not ranks.barrier(ERROR_WAIT_SECONDS if isinstance(error, Exception) else INTERRUPT_WAIT_SECONDS):
            if isinstance(error, Exception):
                print_error(f"{ranks.name}: {_first_line(error)}")
            ranks.abort(_exit_code(error))
        raise


def missing_mpi(error: Exception) -> MissingLibraryError:
    """The error of several ranks without mpi4py, or without the MPI that it looks for."""
    from charrnn.system.optional_libraries import missing_library

    return missing_library("training with several ranks", "mpi4py and an MPI", "mpi", error)


def _first_line(error: Exception) -> str:
    words = str(error) if isinstance(error, CharrnnError) else f"{type(error).__name__} {error}"
    return words.splitlines()[0] if words else "ended"


def _exit_code(error: BaseException) -> int:
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        return error.code
    return FAILED if isinstance(error, Exception) else INTERRUPTED
