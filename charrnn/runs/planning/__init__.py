"""What a training will be, before it begins."""
