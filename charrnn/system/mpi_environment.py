"""The environment variables that an MPI launcher (mpiexec, mpirun, srun) sets for its processes."""

import os
from collections.abc import Mapping

LAUNCHERS = (  # the variables of the rank, and of the number of ranks
    ("PMI_RANK", "PMI_SIZE"),  # MPICH, Intel MPI
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  # Open MPI
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),  # MVAPICH
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),  # srun
)
PREFIXES = ("PMI", "MPI", "OMPI_", "MV2_", "PRTE_", "HYD", "SLURM_STEP", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_TASK")


def rank_and_size() -> tuple[int, int]:
    """The rank of this process and the number of ranks; (0, 1) without a launcher."""
    for rank, size in LAUNCHERS:
        if os.environ.get(rank, "").isdecimal() and os.environ.get(size, "").isdecimal():
            return int(os.environ[rank]), int(os.environ[size])
    return 0, 1


def without_launcher(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child that is not a rank: with the launcher's variables it would take itself for the rank
    that started it, and talk to the launcher in its name.
    """
    return {name: value for name, value in environment.items() if not name.startswith(PREFIXES)}
