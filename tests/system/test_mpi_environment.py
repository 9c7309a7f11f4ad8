"""The environment variables that an MPI launcher sets for its processes."""

import pytest

from charrnn.system.mpi_environment import LAUNCHERS, rank_and_size, without_launcher

HYDRAS = {"PMI_RANK": "1", "PMI_SIZE": "4", "PMI_FD": "9", "HYDI_CONTROL_FD": "7", "MPI_LOCALRANKID": "1"}
OPEN_MPIS = {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "4", "PMIX_RANK": "1", "PRTE_LAUNCHED": "1"}
SRUNS = {"SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_ID": "0"}


@pytest.mark.parametrize("environment", [HYDRAS, OPEN_MPIS, SRUNS])
def test_a_rank_knows_itself_and_its_child_processes_are_not_ranks(environment, monkeypatch):
    for name in (name for pair in LAUNCHERS for name in pair):
        monkeypatch.delenv(name, raising=False)
    assert rank_and_size() == (0, 1)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert rank_and_size() == (1, 4)
    assert without_launcher({**environment, "PATH": "/bin", "SLURM_JOB_ID": "3"}) == {
        "PATH": "/bin",
        "SLURM_JOB_ID": "3",
    }
