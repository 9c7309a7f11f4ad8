"""How far gradients reach."""
