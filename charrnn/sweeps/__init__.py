"""Many trainings: what varies, their processes, what they found."""
