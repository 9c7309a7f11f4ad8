"""What a reader sees of characters."""
