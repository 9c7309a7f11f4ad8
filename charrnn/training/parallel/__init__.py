"""The streams of a window shared among processes, and among the ranks of MPI."""
