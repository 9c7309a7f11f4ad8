"""What `charrnn derive` shows."""
