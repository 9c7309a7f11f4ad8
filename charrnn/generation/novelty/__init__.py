"""What samples share with the training text."""
