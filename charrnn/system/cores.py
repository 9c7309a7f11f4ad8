"""The cores that this process may use, and one BLAS thread for a child process."""

import os

ONE_BLAS_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)  # environment variables


def usable_cores() -> frozenset[int]:
    """The numbers of the cores that this process may use."""
    try:
        return frozenset(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return frozenset(range(os.cpu_count() or 1))
