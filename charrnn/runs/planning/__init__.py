"""What a training will do, before it starts."""
