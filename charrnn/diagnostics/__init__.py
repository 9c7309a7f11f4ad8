"""What proves the mathematics right."""
