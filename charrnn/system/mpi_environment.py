"""What an MPI launcher (mpiexec, mpirun, srun) tells the processes that it starts, in environment variables."""

import os
from collections.abc import Mapping

LAUNCHERS = (  # the environment variables of a rank, and of how many there are
    ("PMI_RANK", "PMI_SIZE"),  # MPICH, Intel MPI
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  # Open MPI
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),  # MVAPICH
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),  # srun
)
ITS_OWN = ("PMI", "MPI", "OMPI_", "MV2_", "PRTE_", "HYD", "SLURM_STEP", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_TASK")


def rank_and_size() -> tuple[int, int]:
    """Which rank this process was started as, and among how many; (0, 1) where nobody said so."""
    for rank, size in LAUNCHERS:
        if os.environ.get(rank, "").isdecimal() and os.environ.get(size, "").isdecimal():
            return int(os.environ[rank]), int(os.environ[size])
    return 0, 1


def without_launcher(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which a process is by itself: with the launcher's variables it would take itself for the rank that
    started it, and speak to the launcher in its name.
    """
    return {name: value for name, value in environment.items() if not name.startswith(ITS_OWN)}
