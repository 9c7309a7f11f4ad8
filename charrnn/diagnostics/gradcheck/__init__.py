"""What proves the gradients right."""
