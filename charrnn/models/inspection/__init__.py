"""What the units of a trained network do."""
