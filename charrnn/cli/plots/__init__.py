"""Curves and figures, in a terminal and in files."""
