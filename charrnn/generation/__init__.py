"""Characters out: sampling from a trained network."""
