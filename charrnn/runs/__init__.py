"""One training: its plan, its run directory, resuming it, and recovery from divergence."""
