"""Sweeps: many trainings, what varies between them, and their processes."""
