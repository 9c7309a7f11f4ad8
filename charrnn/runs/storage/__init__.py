"""A run directory and what is in it."""
