"""Who trains together: this process alone, or the ranks that mpiexec, or Slurm's srun, has started.

Only the first rank tells anything; an error that all meet is told once, by the first, and one that a single rank meets by itself,
before it ends all.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from charrnn.cli.guardian import guarded
from charrnn.errors import CharrnnError, RunError
from charrnn.learning.ranks import Alone

LAUNCHERS = (  # the environment variables of a rank, and of how many there are
    ("PMI_RANK", "PMI_SIZE"),  # MPICH, Intel MPI
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  # Open MPI
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),  # MVAPICH
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),  # srun
)
PATIENCE, MOMENT = (
    10.0,
    1.0,
)  # seconds for the other ranks to come to the same end; after an interrupt, which reaches them too
INTERRUPTED = 130


def launched() -> tuple[int, int]:
    """Which rank this process was started as, and among how many; (0, 1) where nobody said so."""
    for rank, size in LAUNCHERS:
        if os.environ.get(rank, "").isdigit() and os.environ.get(size, "").isdigit():
            return int(os.environ[rank]), int(os.environ[size])
    return 0, 1


@contextmanager
def joined() -> Iterator[Alone]:
    """Within: those who train together. An error that this rank alone meets ends all of them.

    Raises RunError where mpiexec has started several, and mpi4py is missing.
    """
    if launched()[1] == 1:
        yield Alone()
        return
    try:
        from charrnn.learning.mpi import Company
    except ImportError as error:
        raise RunError(f"several ranks need mpi4py and an MPI: pip install 'charrnn-numpy[mpi]' ({error})") from None
    company = Company()
    try:
        yield company
    except BaseException as error:
        if not company.is_left_by_all(PATIENCE if isinstance(error, Exception) else MOMENT):
            company.abort(_code(company.name, error))
        raise


def _code(name: str, error: BaseException) -> int:
    """With which all end; an error that is no interrupt is told."""
    from charrnn.cli.display import tell_error

    if isinstance(error, SystemExit) and isinstance(error.code, int):
        return error.code
    if not isinstance(error, Exception):
        return INTERRUPTED
    told = str(error) if isinstance(error, CharrnnError) else f"{type(error).__name__} {error}"
    tell_error(f"{name}: {told.splitlines()[0] if told else 'ended'}")
    return 1


@contextmanager
def last_word(ranks: Alone, run: Path) -> Iterator[None]:
    """Within: where a rank is killed, and the launcher kills the others, the first still says how to go on."""
    if ranks.size == 1 or ranks.rank:
        yield
        return
    with guarded(f"error: a rank has ended without the others; what was saved is whole: go on with --resume {run}"):
        yield
