"""Characters in, windows of integers out."""
